#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/mutex.h"
#include "hotline/session/session_stream.h"
#include "services/client_message.h"
#include "services/input_record.h"

namespace hotline::services {

/// The sending half of a command at its client: its input and messages, as docs/wire/remote.md
/// allows them. A command may get several streams, one after another. Any thread may call any
/// function. Waits fail with `timed_out` and `cancelled`; `closed` means that the command has
/// ended, or the stream, which the reader of the command knows more about.
class CommandSender {
 public:
  /// What the request allows this client to send.
  struct Permissions {
    bool has_input = false;
    bool is_kept = false;
    bool has_terminal = false;
    InputBegin input_begin = InputBegin::first_byte;
  };

  CommandSender(Permissions permissions, std::string endpoint);

  const Permissions& permissions() const { return permissions_; }

  /// Sends on `stream` from now on, which may not have been answered yet. Waits for a writer that
  /// uses the stream before.
  Result<void> begin(std::shared_ptr<SessionStream> stream, Deadline deadline);

  /// See RunningCommand for the following.
  Result<void> write(Bytes bytes, Deadline deadline);
  Result<void> end_input(Deadline deadline);
  std::uint64_t input_size() const { return input_size_; }

  /// Sends SIGNAL, RESIZE or DETACH.
  Result<void> send(const ClientMessage& message, Deadline deadline);
  Result<void> cancel(Deadline deadline);
  void abort();

  /// Ends the client's half of the stream, after everything of the server has arrived. Never waits:
  /// if another thread waits to send, it resets the stream.
  void finish();

  /// Returns true once DETACH may have been sent.
  bool has_detached() const { return has_detached_; }
  bool is_aborted() const { return is_aborted_; }

 private:
  std::shared_ptr<SessionStream> stream() const;
  Result<void> begin_input(SessionStream& stream, Deadline deadline);
  Result<void> send_unsent(SessionStream& stream, Deadline deadline);
  Result<std::size_t> write_piece(SessionStream& stream, Bytes bytes, Deadline deadline);
  Result<void> end_flow(SessionStream& stream);
  bool end_unused_input(SessionStream& stream);
  Result<void> check_message(const ClientMessage& message) const;
  Error fault_of(SessionStream& stream, Error error) const;
  Error ended() const;
  Error misuse(std::string detail, std::string advice = {}) const;

  const Permissions permissions_;
  const std::string endpoint_;
  std::atomic<bool> is_over_ = false;
  std::atomic<bool> is_aborted_ = false;
  std::atomic<bool> has_detached_ = false;
  std::atomic<std::uint64_t> input_size_ = 0;

  mutable std::mutex stream_mutex_;
  std::shared_ptr<SessionStream> stream_;

  Mutex input_mutex_;  ///< Held by a writer as long as it waits. Protects the following.
  InputRecord input_;
  bool is_input_begun_ = false;  ///< On this stream: the answer has said where it begins.
  bool is_flow_ended_ = false;   ///< On this stream.
  bool is_input_ended_ = false;  ///< By the caller.

  Mutex message_mutex_;    ///< Held by one that sends a message. Protects the following.
  bool has_left_ = false;  ///< The last message was sent.
};

}  // namespace hotline::services
