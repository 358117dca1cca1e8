#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <span>

#include "engine/operation.h"
#include "hotline/core/bytes.h"

namespace hotline::engine {

/// Sends on a stream socket. The result is a count, which may be less than requested. Never raises
/// SIGPIPE. send(2).
class Send final : public Operation {
 public:
  Send(Channel& channel, Bytes bytes, Start start = Start::with_others)
      : Operation(Kind::send, channel, Direction::write, OnDrain::goes_on, start), bytes_(bytes) {}

  int attempt() noexcept override;
  bool has_exhausted(int result) const noexcept override {
    return result > 0 && static_cast<std::size_t>(result) < bytes_.size();
  }
  void prepare(io_uring_sqe& entry) noexcept override;

  Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// The same from several pieces, in their order. sendmsg(2), or send(2) if there is only one piece.
class SendVectored final : public Operation {
 public:
  SendVectored(Channel& channel, std::span<iovec> pieces)
      : Operation(Kind::send_vectored, channel, Direction::write) {
    message_.msg_iov = pieces.data();
    message_.msg_iovlen = pieces.size();
  }

  int attempt() noexcept override;
  void prepare(io_uring_sqe& entry) noexcept override;

  std::span<const iovec> pieces() const { return {message_.msg_iov, message_.msg_iovlen}; }

 private:
  msghdr message_{};
};

}  // namespace hotline::engine
