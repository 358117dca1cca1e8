#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/loop_event.h"
#include "engine/waiter.h"
#include "engine/worker.h"
#include "server/admitted_call.h"
#include "server/runner.h"

namespace hotline::server {

/// `serial` and `threads:N`: a thread for each listener, and, with `threads`, one for each call;
/// all blocking. Up to kIdleMax threads whose calls have ended wait for others, each for kIdleTime.
/// Datagrams: a thread for each socket, or `count` of them, at most the number of cores.
class ThreadsRunner final : public Runner {
 public:
  static constexpr std::size_t kIdleMax = 32;
  static constexpr Duration kIdleTime = std::chrono::seconds(2);

  ThreadsRunner(ServerState& state, engine::EventLoop& control)
      : state_(state),
        control_(control),
        ended_(std::make_shared<engine::LoopEvent>(control)),
        offload_pool_(std::make_shared<engine::OffloadPool>(state.options.loop.offload)) {
    idle_.reserve(kIdleMax);
  }

  Result<void> start(std::vector<Service>& services) override;
  void drain() override;
  void cut() override;
  void wait() override;

 private:
  struct Job {
    Service& service;
    AdmittedCall call;
  };

  struct Thread {
    std::unique_ptr<engine::Worker> worker;
    bool has_ended = false;
    std::optional<Job> next;           ///< What it is to run; set before it wakes up.
    engine::Waiter* waiter = nullptr;  ///< Its wait, while it is idle.
  };

  /// What a thread runs.
  using Body = std::function<void(Thread&)>;

  void note_few_threads(const Service& service, std::size_t count) const;
  bool may_begin();
  bool start_thread(Body body);
  bool add_thread(Body body);
  bool run_thread(Thread& thread, Body body);
  void take_callers(Service& service, Listener& listener);
  void take_messages(Service& service, DatagramSocket& socket);
  void start_call(Service& service, AdmittedCall call);
  Thread* take_idle();
  void run_calls(Thread& thread);
  void wait_for_call(Thread& thread);
  bool begin_idle(Thread& thread, engine::Waiter& waiter);
  bool withdraw_idle(Thread& thread);
  void interrupt(int end_code);
  void join_ended();

  ServerState& state_;
  engine::EventLoop& control_;
  std::shared_ptr<engine::LoopEvent> ended_;  ///< A thread may set it after the runner has gone.
  std::shared_ptr<engine::OffloadPool> offload_pool_;  ///< Counts all threads.
  std::mutex mutex_;
  std::list<Thread> threads_;
  std::vector<Thread*> idle_;  ///< Those that wait for a call; the last one has waited least.
  int end_code_ = 0;
};

}  // namespace hotline::server
