#pragma once

#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "engine/child_process.h"
#include "engine/fiber_group.h"
#include "engine/interrupter.h"
#include "server/admitted_call.h"
#include "server/runner.h"

namespace hotline::server {

/// `processes:N`: this process has one thread and no ring. It accepts, enforces the limits and
/// forks a child for each call, which reports through a pipe. Datagrams: N workers forked in
/// advance, replaced when one dies.
class ProcessesRunner final : public Runner {
 public:
  ProcessesRunner(ServerState& state, engine::EventLoop& control)
      : state_(state), control_(control), takers_(control), calls_(control) {}

  Result<void> start(std::vector<Service>& services) override;
  void drain() override;
  void cut() override;
  void wait() override;

 private:
  /// The words with which the log describes a child.
  struct ChildWords {
    std::string_view cannot_fork;
    std::string_view died;
  };
  static const ChildWords kCall;
  static const ChildWords kWorker;

  void drop_unread(Service& service);
  void take_callers(Service& service, Listener& listener);
  void start_call(Service& service, AdmittedCall call);
  bool leave_loop(Stream& call) noexcept;
  void keep_worker(Service& service);
  void keep_forking(Service& service);
  bool run_child(const ChildWords& words, const Service& service, int kept_fd,
                 const std::function<void()>& body) noexcept;
  bool fork_child(const ChildWords& words, const Service& service, int kept_fd,
                  const std::function<void()>& body);
  void interrupt(int end_code);

  ServerState& state_;
  engine::EventLoop& control_;
  engine::FiberGroup takers_;
  engine::FiberGroup calls_;
  std::set<engine::Interrupter*> children_;
  std::map<const Service*, std::size_t> worker_counts_;  ///< The workers for datagrams.
  int end_code_ = 0;
};

}  // namespace hotline::server
