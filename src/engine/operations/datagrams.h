#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "engine/error_queue_reader.h"
#include "engine/operation.h"

namespace hotline::engine {

/// What receiving and sending datagrams have in common.
class DatagramOperation : public Operation {
 public:
  std::span<mmsghdr> messages() const { return messages_; }

 protected:
  DatagramOperation(Kind kind, Channel& channel, Direction direction, std::span<mmsghdr> messages,
                    ErrorQueueReader* errors)
      : Operation(kind, channel, direction), messages_(messages), errors_(errors) {}
  ~DatagramOperation() = default;

  /// Returns `result` of an attempt. After a second attempt that found nothing, has the error
  /// queue emptied, because that may be what ended the wait in between.
  int settle(int result) noexcept;

  bool expects_errors() const noexcept { return errors_ != nullptr && errors_->expects_errors(); }

 private:
  std::span<mmsghdr> messages_;
  ErrorQueueReader* errors_;
  bool has_found_nothing_ = false;
};

/// Receives the datagrams that have arrived, at least one. The result is how many of `messages`
/// were filled. recvmmsg(2).
class ReceiveDatagrams final : public DatagramOperation {
 public:
  /// `errors` may be null; a socket other than an IP socket has no error queue.
  ReceiveDatagrams(Channel& channel, std::span<mmsghdr> messages,
                   ErrorQueueReader* errors = nullptr)
      : DatagramOperation(Kind::receive_datagrams, channel, Direction::read, messages, errors) {}

  int attempt() noexcept override;
  bool has_exhausted(int result) const noexcept override {
    return result > 0 && static_cast<std::size_t>(result) < messages().size();
  }

  /// Returns true if io_uring may receive the first datagram. An error queue that is not empty
  /// would keep the kernel trying.
  bool may_receive_first() const noexcept { return !expects_errors(); }

  /// Fills in a submission that receives the first datagram only.
  void prepare(io_uring_sqe& entry) noexcept override;

  /// Takes the result of that submission. Returns what attempt() would.
  int take_first(int result) noexcept;

  /// Attempts to receive into all but the first of `messages`. Returns how many, 0 if none.
  int attempt_rest() noexcept;
};

/// Sends datagrams. The result is how many of `messages` were sent; an error is that of the first
/// one. sendmmsg(2), or sendmsg(2) for one.
class SendDatagrams final : public DatagramOperation {
 public:
  /// `errors` as for ReceiveDatagrams.
  SendDatagrams(Channel& channel, std::span<mmsghdr> messages, ErrorQueueReader* errors = nullptr)
      : DatagramOperation(Kind::send_datagrams, channel, Direction::write, messages, errors) {}

  int attempt() noexcept override;

 private:
  int send_only() noexcept;
};

/// Receives from the error queue of an IP socket: copies of datagrams with the times at which they
/// were sent, and errors that the network reported. The result is how many of `messages` were
/// filled. MSG_ERRQUEUE of recv(2). Only to be attempted: nothing waits for the queue.
class ReceiveErrors final : public Operation {
 public:
  ReceiveErrors(Channel& channel, std::span<mmsghdr> messages)
      : Operation(Kind::receive_errors, channel, Direction::read), messages_(messages) {}

  int attempt() noexcept override;

  std::span<mmsghdr> messages() const { return messages_; }

 private:
  std::span<mmsghdr> messages_;
};

}  // namespace hotline::engine
