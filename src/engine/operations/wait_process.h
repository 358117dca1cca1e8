#pragma once

#include "engine/operation.h"

namespace hotline::engine {

/// How a process ended.
struct ProcessEnd {
  int exit_status = -1;  ///< -1 if a signal ended it.
  int signal = 0;
};

/// Waits for a child to end, and reaps it: 0. The channel holds its pidfd. waitid(2), P_PIDFD.
class WaitProcess final : public Operation {
 public:
  explicit WaitProcess(Channel& pidfd) : Operation(Kind::wait_process, pidfd, Direction::read) {}

  int attempt() noexcept override;

  ProcessEnd end;
};

}  // namespace hotline::engine
