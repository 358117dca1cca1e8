#include "engine/worker.h"

#include <atomic>
#include <cerrno>
#include <future>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "core/check.h"
#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"

namespace hotline::engine {
namespace {

std::unexpected<Error> no_thread(const std::system_error& error) {
  return fail(system_error(error.code().value(), "start a thread"));
}

class BlockingWorker final : public Worker {
 public:
  explicit BlockingWorker(WorkerTask task) : task_(std::move(task)) {}
  ~BlockingWorker() override {
    if (thread_.joinable()) thread_.join();
  }

  Result<void> start() {
    // A body that cannot be interrupted might never end.
    if (interrupter_.fd() < 0) return fail(system_error(EMFILE, "start a thread"));
    thread_ = std::thread([this] {
      {
        const BlockingEngine::Interruptible engine(interrupter_, task_.offload_pool);
        task_.body();
      }
      task_.on_end();
    });
    return {};
  }

  void interrupt(int end_code) override {
    if (end_code == kDrainEnd) interrupter_.drain();
    if (end_code == kCancelEnd) interrupter_.cancel();
  }

  void post(Mailbox::Letter) override {
    stop_for_misuse("a letter is posted to a worker that runs no event loop");
  }

 private:
  WorkerTask task_;
  Interrupter interrupter_;
  std::thread thread_;
};

class LoopWorker final : public Worker {
 public:
  explicit LoopWorker(WorkerTask task) : task_(std::move(task)) {
    // Made beforehand, so that interrupting a worker cannot fail for lack of memory.
    drain_.letters.emplace_back([this] { ask(kDrainEnd); });
    cancel_.letters.emplace_back([this] { ask(kCancelEnd); });
  }
  ~LoopWorker() override {
    if (thread_.joinable()) thread_.join();
  }

  Result<void> start() {
    std::promise<Result<void>> started;
    auto outcome = started.get_future();
    thread_ = std::thread([this, &started] { run(started); });
    return outcome.get();
  }

  void interrupt(int end_code) override {
    Notice& notice = end_code == kCancelEnd ? cancel_ : drain_;
    if (!notice.is_sent.test_and_set()) mailbox_->post(std::move(notice.letters));
  }

  void post(Mailbox::Letter letter) override { mailbox_->post(std::move(letter)); }

 private:
  /// A second request for the same has no effect.
  struct Notice {
    Mailbox::Letters letters;
    std::atomic_flag is_sent;
  };

  void ask(int end_code) {
    if (fiber_ != nullptr) loop_->interrupt(*fiber_, end_code);
  }

  Result<std::unique_ptr<EventLoop>> make_loop() const {
    try {
      return make_event_loop(task_.loop);
    } catch (const std::bad_alloc&) {
      // The thread that starts this one gets the error; an exception here would reach no caller.
      return fail(Error{ErrorKind::resource_exhausted, ENOMEM, "start a loop", {}, {}, {}});
    }
  }

  void run(std::promise<Result<void>>& started) {
    // A ring belongs to the thread that made it.
    auto loop = make_loop();
    if (!loop) {
      started.set_value(fail(std::move(loop.error())));
      return;
    }
    loop_ = loop->get();
    mailbox_ = loop_->mailbox();
    const bool has_stack = loop_->spawn(task_.name, [this] {
      fiber_ = loop_->fiber();
      task_.body();
      fiber_ = nullptr;
    });
    if (!has_stack) {
      started.set_value(
          fail(Error{ErrorKind::resource_exhausted, ENOMEM, "start a fiber", {}, {}, {}}));
      return;
    }
    started.set_value({});
    loop_->run();
    loop->reset();
    task_.on_end();
  }

  WorkerTask task_;
  std::shared_ptr<Mailbox> mailbox_;
  EventLoop* loop_ = nullptr;
  Fiber* fiber_ = nullptr;  ///< Set while the body runs; the loop's thread only.
  Notice drain_;
  Notice cancel_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Worker>> start_thread_worker(WorkerTask task) {
  try {
    if (task.kind == WorkerKind::blocking) {
      auto worker = std::make_unique<BlockingWorker>(std::move(task));
      if (auto started = worker->start(); !started) return fail(std::move(started.error()));
      return worker;
    }
    auto worker = std::make_unique<LoopWorker>(std::move(task));
    if (auto started = worker->start(); !started) return fail(std::move(started.error()));
    return worker;
  } catch (const std::system_error& error) {
    return no_thread(error);
  }
}

}  // namespace hotline::engine
