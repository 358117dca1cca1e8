#pragma once

#include <functional>
#include <set>

#include "engine/child_process.h"
#include "engine/fiber_group.h"
#include "engine/interrupter.h"
#include "server/admitted_call.h"
#include "server/runner.h"

namespace hotline::server {

/// `processes:N`: this process has one thread and no ring; it accepts, keeps the limits and forks a
/// child for each call, which reports by pipe. Datagrams: N workers forked ahead, replaced when one
/// dies.
class ProcessesRunner final : public Runner {
 public:
  ProcessesRunner(Shared& shared, engine::EventLoop& control)
      : shared_(shared), control_(control), takers_(control), calls_(control) {}

  Result<void> start(std::vector<Service>& services) override;
  void drain() override;
  void cut() override;
  void wait() override;

 private:
  void take_callers(Service& service, Listener& listener);
  void start_call(Service& service, AdmittedCall call);
  void keep_worker(Service& service);
  bool run_child(const Service& service, int kept_fd, const std::function<void()>& body) noexcept;
  bool fork_child(const Service& service, int kept_fd, const std::function<void()>& body);
  void interrupt(int end_code);

  Shared& shared_;
  engine::EventLoop& control_;
  engine::FiberGroup takers_;
  engine::FiberGroup calls_;
  std::set<engine::Interrupter*> children_;
  int end_code_ = 0;
};

}  // namespace hotline::server
