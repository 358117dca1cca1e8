#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "engine/blocking/thread_signal.h"
#include "engine/engine.h"
#include "engine/interrupter.h"
#include "engine/offload_pool.h"

namespace hotline::engine {

/// Performs an operation by making the system call, and polls the descriptor and the interrupter
/// until it succeeds. Every thread without a loop has this engine. It does not attach to channels,
/// so that a stream may move from thread to thread.
///
/// A receive from a busy connection instead waits in the system call itself, which is one call and
/// not three. Such a wait takes at most CallWait::kMax, and an interrupter ends it only then.
class BlockingEngine final : public Engine {
 public:
  std::string_view name() const override { return "blocking"; }
  Instant now() override { return read_clock(); }
  int attempt(Operation& operation) override;
  int wait_until(Deadline deadline, OnDrain on_drain) override;
  int offload(OffloadPool::Work work) override;
  int perform_file_work(OffloadPool::Work work) override;
  Buffer take_buffer() override;
  void recycle(Buffer buffer) override;
  Scope& scope() override { return scope_; }
  SuspendHook*& suspend_hook() override { return suspend_hook_; }
  Interrupter* interrupter() override { return interrupter_; }
  void note_interrupts() noexcept override;

  /// Waits until another thread has written to `counter`, which must have a descriptor, and takes
  /// what was written. Returns 0, or as wait_until.
  int wait_for(Interrupter& counter, Deadline deadline, OnDrain on_drain);

  /// Waits until another thread has set `signal`. Returns 0, or as wait_until. For a thread without
  /// an interrupter, which could not end this wait, or with a CancelHold.
  int wait_for(ThreadSignal& signal, Deadline deadline, OnDrain on_drain);

  /// Lets an interrupter end the waits of this thread. While the object exists, Engine::current()
  /// returns its engine on this thread.
  class Interruptible;

 protected:
  int interpret(Operation& operation, Deadline deadline) override;
  void withdraw(Channel&) override {}
  void abandon(Channel&) override {}

 private:
  int leave_loop_and_perform(Operation& operation, Deadline deadline);
  int attempt_or_wait(Operation& operation, Deadline deadline);
  int wait(int fd, short events, Deadline deadline, bool is_drainable);
  int end_of_wait(Instant time, Deadline deadline, bool is_drainable);
  int end_before_wait(Instant time, Deadline deadline, bool is_drainable);
  void note_done(const Operation& operation);

  Scope scope_;
  SuspendHook* suspend_hook_ = nullptr;
  Interrupter* interrupter_ = nullptr;
  int done_at_once_ = 0;  ///< Operations since the thread last waited or yielded.
  int unsure_waits_ = 0;  ///< Calls that may have waited, since it was last known.
  std::array<Buffer, 4> spares_;
  std::size_t spare_count_ = 0;
  std::shared_ptr<OffloadPool> offload_pool_;
};

/// A blocking engine for this thread and scope, whose waits `interrupter` can end. Its work runs on
/// `offload_pool`, or on a pool of its own if that is null.
class BlockingEngine::Interruptible {
 public:
  explicit Interruptible(Interrupter& interrupter,
                         std::shared_ptr<OffloadPool> offload_pool = nullptr)
      : outer_(set_current(&engine_)) {
    engine_.interrupter_ = &interrupter;
    engine_.offload_pool_ = std::move(offload_pool);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible() { set_current(outer_); }

 private:
  BlockingEngine engine_;
  Engine* outer_;
};

}  // namespace hotline::engine
