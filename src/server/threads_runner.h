#pragma once

#include <list>
#include <mutex>

#include "engine/loop_event.h"
#include "engine/worker.h"
#include "server/admitted_call.h"
#include "server/runner.h"

namespace hotline::server {

/// `serial` and `threads:N`: a thread for each listener, and, with `threads`, one for each call;
/// all blocking. Datagrams: a thread for each socket, or `count` of them, at most the number of
/// cores.
class ThreadsRunner final : public Runner {
 public:
  ThreadsRunner(ServerState& state, engine::EventLoop& control)
      : state_(state),
        control_(control),
        ended_(std::make_shared<engine::LoopEvent>(control)),
        offload_pool_(std::make_shared<engine::OffloadPool>(state.options.loop.offload)) {}

  Result<void> start(std::vector<Service>& services) override;
  void drain() override;
  void cut() override;
  void wait() override;

 private:
  struct Thread {
    std::unique_ptr<engine::Worker> worker;
    bool has_ended = false;
  };

  void note_few_threads(const Service& service, std::size_t count) const;
  bool may_begin();
  bool start_thread(std::function<void()> body);
  bool add_thread(std::function<void()> body);
  bool run_thread(Thread& thread, std::function<void()> body);
  void take_callers(Service& service, Listener& listener);
  void take_messages(Service& service, DatagramSocket& socket);
  void start_call(Service& service, AdmittedCall call);
  void interrupt(int end_code);
  void join_ended();

  ServerState& state_;
  engine::EventLoop& control_;
  std::shared_ptr<engine::LoopEvent> ended_;  ///< A thread may set it after the runner has gone.
  std::shared_ptr<engine::OffloadPool> offload_pool_;  ///< Counts all threads.
  std::mutex mutex_;
  std::list<Thread> threads_;
  int end_code_ = 0;
};

}  // namespace hotline::server
