#pragma once

#include <cerrno>
#include <string_view>

#include "engine/buffer.h"
#include "engine/channel.h"
#include "engine/end_code.h"
#include "engine/kernel.h"
#include "engine/offload_pool.h"
#include "engine/operation.h"
#include "engine/worker.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

class Interrupter;
struct Program;

/// What bounds the waits of one fiber, or of a thread without a loop.
struct Scope {
  Deadline deadline = Deadline::never();
  int end_code = 0;          ///< 0, kDrainEnd or kCancelEnd: what was asked of whoever waits here.
  bool holds_drain = false;  ///< See DrainHold.
  Program* program = nullptr;  ///< On a simulated engine: on whose behalf it runs.

  /// What ends the waits that begin now.
  int code_in_force() const { return holds_drain && end_code == kDrainEnd ? 0 : end_code; }

  /// What whoever is started here begins with.
  Scope inherited() const { return {deadline, code_in_force(), false, program}; }
};

/// Interprets operations for one thread. Loop thread (or the thread itself) only.
class Engine : public Kernel {
 public:
  /// The engine of this thread: its event loop, else a blocking one made on first use.
  static Engine& current();

  Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() override = default;

  virtual std::string_view name() const = 0;

  /// Whether the calling thread is the one that made this engine, and so may use it. Any thread.
  bool is_on_its_thread() const;

  /// Monotonic time; constant within one turn of a loop.
  virtual Instant now() = 0;

  /// Performs `operation`, waiting as long as it takes: its result, a negated errno, or the negated
  /// end code of whichever of deadline, scope and cancel ended the wait. What had completed is
  /// never dropped.
  int perform(Operation& operation, Deadline deadline) {
    if (operation.channel().carried) {
      const int carried = take_carried(operation);
      if (carried != -EAGAIN) return carried;
    }
    return interpret(operation, deadline);
  }

  /// Tries `operation` once, beside any other of its channel that is under way; never waits nor
  /// lets others run: its result, or a negated errno.
  virtual int attempt(Operation& operation) { return operation.attempt(); }

  /// Waits for time alone: -kDeadlineEnd when it has come, else as perform. `on_drain`: whether a
  /// drain ends the wait.
  virtual int wait_until(Deadline deadline, OnDrain on_drain = OnDrain::goes_on) = 0;

  /// Runs `work`, which must not throw, on another thread and waits for it: 0, or as wait_until.
  /// See OffloadPool.
  virtual int offload(OffloadPool::Work work) = 0;

  /// A receive buffer, if any is left; it goes back by itself.
  virtual Buffer take_buffer() = 0;

  /// A buffer without a pool whose reader is done: to be kept for the next take_buffer().
  virtual void recycle(Buffer buffer) { static_cast<void>(buffer); }

  /// Of whoever runs now.
  virtual Scope& scope() = 0;

  /// Runs `task` beside this engine: on a thread, where there are any. Fails as
  /// start_thread_worker does.
  virtual Result<std::unique_ptr<Worker>> start_worker(WorkerTask task);

  /// Whether time, network and chance are not the system's.
  virtual bool is_simulated() const { return false; }

  /// What asks this thread's waits to end, if anything does; null on a loop, whose fibers are
  /// asked.
  virtual Interrupter* interrupter() { return nullptr; }

  /// Takes note of what interrupter() has been asked: scope() knows afterwards.
  virtual void note_interrupts() noexcept {}

 protected:
  friend class Channel;

  /// The engine's own way to perform.
  virtual int interpret(Operation& operation, Deadline deadline) = 0;

  /// See Channel::withdraw.
  virtual void withdraw(Channel& channel) = 0;

  /// See Channel::close: nobody will ask for more.
  virtual void abandon(Channel& channel) = 0;

  /// This engine's state of `channel`, null if it is not attached to this one.
  ChannelState* state_of(const Channel& channel) const {
    return channel.engine_ == this ? channel.state_ : nullptr;
  }

  /// Whether `channel` was closed, or left this engine, since `state` was its own: then the state
  /// may be gone. Ask after every wait.
  bool has_left(const Channel& channel, const ChannelState& state) const {
    return state_of(channel) != &state;
  }

  /// Records `state` as this engine's, withdrawing the channel from another one first.
  void attach(Channel& channel, ChannelState& state);

  /// Forgets the channel: it is attached to nothing afterwards. Its state stays with the caller.
  void detach(ChannelState& state);

  ChannelState* attached() const { return attached_; }

  /// Makes `engine` this thread's, and tells which was; null: a blocking one on demand.
  static Engine* set_current(Engine* engine);

 private:
  /// What an engine that the channel has left had for `operation` already; -EAGAIN if nothing.
  static int take_carried(Operation& operation);

  const void* thread_;  ///< Distinguishes threads, nothing more.
  ChannelState* attached_ = nullptr;
};

/// True if `result` is one of the negated end codes (end_code.h), not a count or a negated errno.
inline bool is_end_code(int result) { return result <= -kShortageEnd; }

}  // namespace hotline::engine
