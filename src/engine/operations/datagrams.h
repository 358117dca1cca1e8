#pragma once

#include <sys/socket.h>

#include <span>

#include "engine/operation.h"

namespace hotline::engine {

/// Receives the datagrams that have arrived, at least one. The result is how many of `messages`
/// were filled. recvmmsg(2).
class ReceiveDatagrams final : public Operation {
 public:
  ReceiveDatagrams(Channel& channel, std::span<mmsghdr> messages)
      : Operation(Kind::receive_datagrams, channel, Direction::read), messages_(messages) {}

  int attempt() noexcept override;
  bool has_exhausted(int result) const noexcept override {
    return result > 0 && static_cast<std::size_t>(result) < messages_.size();
  }

  std::span<mmsghdr> messages() const { return messages_; }

 private:
  std::span<mmsghdr> messages_;
};

/// Sends datagrams. The result is how many of `messages` were sent; an error is that of the first
/// one. sendmmsg(2).
class SendDatagrams final : public Operation {
 public:
  SendDatagrams(Channel& channel, std::span<mmsghdr> messages)
      : Operation(Kind::send_datagrams, channel, Direction::write), messages_(messages) {}

  int attempt() noexcept override;

  std::span<mmsghdr> messages() const { return messages_; }

 private:
  std::span<mmsghdr> messages_;
};

}  // namespace hotline::engine
