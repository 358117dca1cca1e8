#pragma once

#include "engine/operation.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

using hotline::ProcessEnd;

/// Waits for a child to end, and reaps it. The result is 0. The channel holds its pidfd. waitid(2),
/// P_PIDFD.
class WaitProcess final : public Operation {
 public:
  explicit WaitProcess(Channel& pidfd) : Operation(Kind::wait_process, pidfd, Direction::read) {}

  int attempt() noexcept override;

  ProcessEnd end;
};

}  // namespace hotline::engine
