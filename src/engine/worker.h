#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "engine/mailbox.h"
#include "engine/offload_pool.h"
#include "hotline/core/result.h"
#include "hotline/engine/engine_choice.h"

namespace hotline::engine {

/// What the function of a worker runs on.
enum class WorkerKind : bool {
  loop,      ///< A fiber on an event loop of its own.
  blocking,  ///< A thread without a loop, whose waits block it.
};

/// What to run, and how.
struct WorkerTask {
  WorkerKind kind = WorkerKind::loop;
  std::string_view name;  ///< A literal.
  LoopOptions loop;       ///< For WorkerKind::loop.
  std::move_only_function<void()> body;
  std::move_only_function<void()> on_end;  ///< Runs after the body, still on the worker's thread.
  std::shared_ptr<OffloadPool> offload_pool = nullptr;  ///< If blocking; null: a pool of its own.
};

/// A function that runs concurrently with the code that started it, on a thread of its own. A
/// simulated engine, which has no threads, runs it on a fiber. Made by Engine::start_worker(). The
/// destructor waits for the function, which must have ended or have been interrupted by then.
class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;

  /// Drains or cancels the body: at once if it waits, otherwise at its next wait. Any thread; has
  /// no effect after the body has ended.
  virtual void interrupt(int end_code) = 0;

  /// Runs `letter` on the worker's loop, outside of any fiber. Any thread; not for blocking
  /// workers.
  virtual void post(Mailbox::Letter letter) = 0;
};

/// Starts a worker on a thread. Fails with `resource_exhausted` or as make_event_loop() does.
Result<std::unique_ptr<Worker>> start_thread_worker(WorkerTask task);

}  // namespace hotline::engine
