#pragma once

#include "engine/operation.h"
#include "hotline/core/socket_address.h"

namespace hotline::engine {

/// Connects a socket. The result is 0. If the backlog of a UNIX listener is full, it is -EBUSY,
/// because nothing reports when there is room: wait a little and perform another Connect.
/// connect(2).
class Connect final : public Operation {
 public:
  Connect(Channel& channel, const SocketAddress& address)
      : Operation(Kind::connect, channel, Direction::write), address_(address) {}

  int attempt() noexcept override;
  void prepare(io_uring_sqe& entry) noexcept override;

  const SocketAddress& address() const { return address_; }

 private:
  int start() noexcept;

  const SocketAddress& address_;
  bool is_started_ = false;
};

}  // namespace hotline::engine
