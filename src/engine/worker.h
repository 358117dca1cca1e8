#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "engine/mailbox.h"
#include "engine/offload_pool.h"
#include "hotline/core/result.h"
#include "hotline/engine/engine_choice.h"

namespace hotline::engine {

/// What a worker's function runs on.
enum class WorkerKind : bool {
  loop,      ///< A fiber of an event loop of its own.
  blocking,  ///< A thread without a loop, whose waits block it.
};

/// What to run, and how.
struct WorkerTask {
  WorkerKind kind = WorkerKind::loop;
  std::string_view name;  ///< A literal.
  LoopOptions loop;       ///< For WorkerKind::loop.
  std::move_only_function<void()> body;
  std::move_only_function<void()> on_end;               ///< After the body, still beside the owner.
  std::shared_ptr<OffloadPool> offload_pool = nullptr;  ///< If blocking; null: one of its own.
};

/// One function that runs beside whoever started it: on a thread of its own. A simulated engine,
/// which has no threads, runs it on a fiber. Made by Engine::start_worker. Its function must have
/// ended, or have been interrupted, when this goes, which waits for it.
class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;

  /// Asks the body, now or at its next wait, to drain or to end. Any thread; without effect once it
  /// has ended.
  virtual void interrupt(int end_code) = 0;

  /// Runs `letter` on the worker's loop, outside any fiber. Any thread; not for blocking workers.
  virtual void post(Mailbox::Letter letter) = 0;
};

/// A worker on a thread. Fails with `resource_exhausted` or as make_event_loop does.
Result<std::unique_ptr<Worker>> start_thread_worker(WorkerTask task);

}  // namespace hotline::engine
