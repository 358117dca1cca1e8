#pragma once

#include <array>
#include <cstdint>

#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

// What server, launcher and keepers say to each other, over UNIX sockets that keep messages whole.
// A request and the answers to it are between a server and one keeper: the request brings the
// socket for them along. A server that closes that socket, or shuts its writing down, asks for the
// end of the tree.

namespace hotline::engine {

/// What a keeper tells.
enum class StatusKind : std::int32_t {
  started,           ///< The program runs.
  program_failed,    ///< It cannot be run: `value` is the errno.
  directory_failed,  ///< It cannot run there.
  keeper_failed,     ///< There is no process, or no memory, to run it in.
  killed_at_start,   ///< Somebody has killed its process before that became the program.
  ended,             ///< The program has ended, with the exit status `value` or by `signal`, and
                     ///< nothing is left of its tree.
  ended_first,       ///< The same, but descendants are left.
  kept,              ///< After `ended_first`: nobody else has killed anything of the tree until
                     ///< now, when it has gone by itself, or its end is asked for.
};

/// One message of a keeper.
struct LaunchStatus {
  StatusKind kind = StatusKind::started;
  std::int32_t value = 0;
  std::int32_t signal = 0;
};

/// What comes with a request: where the program writes to, and where the keeper answers.
struct LaunchDescriptors {
  UniqueFd output;
  UniqueFd error;
  UniqueFd status;
};

/// Sends a request without waiting: 0, or a negated errno (-EAGAIN: too many are on their way).
int send_request(int socket, Bytes message, const LaunchDescriptors& descriptors);

/// Whether receive_request waits for a request.
enum class RequestWait : bool { no, yes };

/// Takes one request into `memory`: its size, 0 at the end of the socket, or a negated errno.
/// Who sent one without its descriptors gets no answer: then they are not valid.
int receive_request(int socket, MutableBytes memory, RequestWait wait,
                    LaunchDescriptors& descriptors);

/// Tells the server, if it still listens.
void send_status(int socket, LaunchStatus status);

}  // namespace hotline::engine
