#pragma once

#include "engine/operation.h"

namespace hotline::engine {

/// Waits until a descriptor can be read or written without waiting, or has ended. The result is 0.
/// poll(2).
class WaitReady final : public Operation {
 public:
  WaitReady(Channel& channel, Direction direction)
      : Operation(Kind::wait_ready, channel, direction) {}

  int attempt() noexcept override;
};

}  // namespace hotline::engine
