#pragma once

#include "engine/operation.h"

namespace hotline::engine {

/// Takes one connection from a listening socket: its descriptor, non-blocking and close-on-exec.
/// accept4(2).
class Accept final : public Operation {
 public:
  explicit Accept(Channel& channel) : Operation(Kind::accept, channel, Direction::read) {}

  int attempt() noexcept override;
};

}  // namespace hotline::engine
