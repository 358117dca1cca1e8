#pragma once

#include <list>

#include "engine/loop_event.h"
#include "server/runner.h"

namespace hotline::server {

/// `loops:N`: a thread for each event loop, a fiber for each call.
class LoopsRunner final : public Runner {
 public:
  LoopsRunner(ServerState& state, engine::EventLoop& control);
  ~LoopsRunner() override;

  Result<void> start(std::vector<Service>& services) override;
  void drain() override;
  void cut() override;
  void wait() override;

 private:
  class Loop;

  ServerState& state_;
  engine::EventLoop& control_;
  engine::LoopEvent ended_;
  std::list<Loop> loops_;
};

}  // namespace hotline::server
