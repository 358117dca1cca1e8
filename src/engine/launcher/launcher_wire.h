#pragma once

#include <array>
#include <cstdint>

#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

// What server, launcher and keepers send to each other, over UNIX sockets that preserve messages. A
// request and the answers to it are between the server and one keeper; the request carries the
// socket for the answers, on which the server also sends signals for the program. A server that
// closes that socket, or shuts down its writes, asks for the end of the tree.

namespace hotline::engine {

/// What a keeper reports.
enum class StatusKind : std::int32_t {
  started,           ///< The program runs, with the process id `value`.
  program_failed,    ///< It cannot be run: `value` is the errno.
  directory_failed,  ///< It cannot run in that directory.
  keeper_failed,     ///< There is no process, or no memory, to run it in.
  killed_at_start,   ///< Its process was killed before it became the program.
  ended,  ///< The program has ended, with the exit status `value` or by `signal`, and nothing is
          ///< left of its tree.
  ended_first,  ///< The same, but descendants are left.
  kept,  ///< After `ended_first`: no other process had killed anything of the tree when it ended by
         ///< itself, or when its end was requested.
};

/// One message of a keeper. It has no padding, so that all of its bytes are defined.
struct LaunchStatus {
  StatusKind kind = StatusKind::started;
  std::int32_t value = 0;
  std::int32_t signal = 0;
  std::int32_t has_dumped_core = 0;
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::uint64_t memory_max_bytes = 0;
};
static_assert(sizeof(LaunchStatus) == 40);

/// The descriptors that a request carries: where the program writes, where the keeper answers, and
/// what the program reads. Also the server's ends of them.
struct LaunchDescriptors {
  UniqueFd output;
  UniqueFd error;  ///< Invalid if `output` is a terminal, which is then all three streams.
  UniqueFd status;
  UniqueFd input{};  ///< Invalid if the program reads nothing, or from a terminal.
};

/// Sends a request without waiting. Returns 0 or a negated errno (-EAGAIN: too many are in
/// transit).
int send_request(int socket, Bytes message, const LaunchDescriptors& descriptors);

/// Whether receive_request() waits for a request.
enum class RequestWait : bool { no, yes };

/// Receives one request into `memory`. Returns its size, 0 at the end of the socket, or a negated
/// errno. If a request comes without its descriptors, `descriptors` stay invalid and it gets no
/// answer.
int receive_request(int socket, MutableBytes memory, RequestWait wait,
                    LaunchDescriptors& descriptors);

/// Sends `status` to the server, if it still listens.
void send_status(int socket, LaunchStatus status);

/// Asks the keeper at the other end of `socket` to send `signal` to its program. Does not wait.
/// Returns 0 or a negated errno (-EAGAIN: too many are in transit).
int send_signal_request(int socket, int signal);

/// Returns the next signal that the server has asked for, 0 when it asks for the end of the tree,
/// or a negated errno (-EAGAIN: it has asked for nothing). Does not wait.
int receive_signal_request(int socket);

}  // namespace hotline::engine
