#pragma once

#include <string_view>

#include "engine/operation.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline::engine {

/// Waits until a descriptor can be read or written without waiting, or has ended. The result is 0.
/// poll(2).
class WaitReady final : public Operation {
 public:
  WaitReady(Channel& channel, Direction direction, OnDrain on_drain = OnDrain::goes_on)
      : Operation(Kind::wait_ready, channel, direction, on_drain) {}

  int attempt() noexcept override;
};

/// Waits on the engine of this thread until `channel` is ready. Fails as every operation does.
Result<void> wait_ready(Channel& channel, Direction direction, Deadline deadline,
                        std::string_view operation, OnDrain on_drain = OnDrain::goes_on);

}  // namespace hotline::engine
