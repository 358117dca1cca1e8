#pragma once

#include <cerrno>
#include <cstddef>
#include <exception>
#include <string_view>

#include "engine/buffer.h"
#include "engine/channel.h"
#include "engine/end_code.h"
#include "engine/kernel.h"
#include "engine/offload_pool.h"
#include "engine/operation.h"
#include "engine/suspend_hook.h"
#include "engine/worker.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

class FileKernel;
class Interrupter;
struct Program;

/// What limits the waits of one fiber, or of a thread without a loop.
struct Scope {
  Deadline deadline = Deadline::never();
  int end_code = 0;  ///< 0, kDrainEnd or kCancelEnd: the request that applies to the waits here.
  bool holds_drain = false;    ///< See DrainHold.
  bool holds_cancel = false;   ///< See CancelHold.
  Program* program = nullptr;  ///< On a simulated engine: the program that it runs for.

  /// Returns the code that ends the waits that begin now, or 0.
  int code_in_force() const {
    return holds_cancel || (holds_drain && end_code == kDrainEnd) ? 0 : end_code;
  }

  /// Returns the scope with which a fiber that is started here begins.
  Scope inherited() const { return {deadline, code_in_force(), false, false, program}; }
};

/// Performs operations for one thread. Loop thread (or the thread itself) only.
class Engine : public Kernel {
 public:
  /// Returns the engine of this thread: its event loop, or a blocking engine that is made on first
  /// use.
  static Engine& current();

  Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() override = default;

  virtual std::string_view name() const = 0;

  /// Returns true if the calling thread made this engine and so may use it. Any thread.
  bool is_on_its_thread() const;

  /// Returns the monotonic time, which is constant within one turn of a loop.
  virtual Instant now() = 0;

  /// Returns the time from which a timeout counts that begins now. On a loop now() is older, by as
  /// much as the fiber has computed; this is older by a tick of the kernel's clock at most. For
  /// each operation: read_clock() takes four times as long.
  virtual Instant timeout_start() { return now(); }

  /// Performs `operation` and waits as long as necessary. Returns its result, a negated errno, or
  /// the negated end code of the deadline, scope or cancel that ended the wait. A result that has
  /// completed is never lost.
  int perform(Operation& operation, Deadline deadline) {
    if (operation.channel().carried) {
      const int carried = take_carried(operation);
      if (carried != -EAGAIN) return carried;
    }
    return interpret(operation, deadline);
  }

  /// Attempts `operation` once, even while another operation on its channel is in progress. Never
  /// waits and never lets other fibers run. Returns its result or a negated errno.
  virtual int attempt(Operation& operation) { return operation.attempt(); }

  /// Waits until `deadline` and returns -kDeadlineEnd, or the negated end code of what interrupted
  /// the wait. `on_drain` says whether a drain interrupts it.
  virtual int wait_until(Deadline deadline, OnDrain on_drain = OnDrain::goes_on) = 0;

  /// Runs `work`, which must not throw, on another thread and waits for it. Returns 0, or a negated
  /// end code as wait_until() does. See OffloadPool.
  virtual int offload(OffloadPool::Work work) = 0;

  /// Returns the calls on files and directories of this engine. They may be made in file work.
  virtual FileKernel& file_kernel();

  /// Returns 0 if file work may begin now, otherwise the negated end code of the deadline or cancel
  /// that forbids it.
  virtual int begin_file_work();

  /// Runs `work`, which must not throw, where it may wait for the disk without delaying a fiber,
  /// and waits for it. Returns 0. A deadline or cancel ends the wait only while the work has not
  /// begun: then it never runs, and the result is a negated end code. So it may use memory of the
  /// caller.
  virtual int perform_file_work(OffloadPool::Work work) = 0;

  /// Returns true if other fibers run on this thread, so that it must not wait for the disk.
  virtual bool has_other_fibers() const { return false; }

  /// Called after work that was done in place and counts as much as a result of `bytes` bytes. Lets
  /// other fibers run if this one has used its share.
  virtual void note_work(std::size_t bytes) { static_cast<void>(bytes); }

  /// Returns a receive buffer, or an empty one if none is left. It returns to its pool when it is
  /// destroyed.
  virtual Buffer take_buffer() = 0;

  /// Returns true if this engine has received bytes from `channel` that no operation has asked for.
  virtual bool has_arrived(const Channel& channel) const {
    static_cast<void>(channel);
    return false;
  }

  /// Returns the next of those bytes, or an empty buffer. Never calls the kernel.
  virtual Buffer take_arrived(Channel& channel) {
    static_cast<void>(channel);
    return {};
  }

  /// Takes a buffer without a pool that is no longer read, for the next take_buffer().
  virtual void recycle(Buffer buffer) { static_cast<void>(buffer); }

  /// The scope of the running fiber or thread.
  virtual Scope& scope() = 0;

  /// The hook of the running fiber or thread, or null. It is called each time that one waits in
  /// this library, and not for the waits that it makes itself.
  virtual SuspendHook*& suspend_hook() = 0;

  /// Runs `work`, which must not wait, where it may use much stack: on a loop on the stack of the
  /// thread, outside of any fiber. A fiber that calls this keeps its own stack small. Rethrows what
  /// `work` throws.
  template <typename Work>
  void run_deep(Work work) {
    std::exception_ptr thrown;
    auto guarded = [&]() noexcept {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
    };
    run_on_deep_stack({&guarded, [](void* what) { (*static_cast<decltype(guarded)*>(what))(); }});
    if (thrown) std::rethrow_exception(thrown);
  }

  /// Calls suspend_hook(), if there is one.
  void note_wait() noexcept;

  /// Runs `task` beside this engine, on a thread where the engine has threads. Fails as
  /// start_thread_worker() does.
  virtual Result<std::unique_ptr<Worker>> start_worker(WorkerTask task);

  /// Returns true if time, network and randomness are simulated.
  virtual bool is_simulated() const { return false; }

  /// Returns what can interrupt the waits of this thread, or null. Null on a loop, whose fibers are
  /// interrupted one by one.
  virtual Interrupter* interrupter() { return nullptr; }

  /// Applies what interrupter() has been asked for to scope().
  virtual void note_interrupts() noexcept {}

 protected:
  friend class Channel;

  /// A function that does not throw. Not allocated: it is called for each message.
  struct DeepWork {
    void* what = nullptr;
    void (*run)(void*) = nullptr;
  };

  /// See run_deep.
  virtual void run_on_deep_stack(DeepWork work) { work.run(work.what); }

  /// Performs an operation in the way of this engine.
  virtual int interpret(Operation& operation, Deadline deadline) = 0;

  /// See Channel::withdraw.
  virtual void withdraw(Channel& channel) = 0;

  /// See Channel::close: nothing more is read from the channel.
  virtual void abandon(Channel& channel) = 0;

  /// Returns this engine's state of `channel`, or null if the channel is not attached to this
  /// engine.
  ChannelState* state_of(const Channel& channel) const {
    return channel.engine_ == this ? channel.state_ : nullptr;
  }

  /// Returns true if `channel` was closed or has left this engine since `state` was its state. The
  /// state may then have been freed. Check after every wait.
  bool has_left(const Channel& channel, const ChannelState& state) const {
    return state_of(channel) != &state;
  }

  /// Makes `state` the state of the channel. Withdraws the channel from another engine first.
  void attach(Channel& channel, ChannelState& state);

  /// Detaches the channel from every engine. The caller keeps its state.
  void detach(ChannelState& state);

  ChannelState* attached() const { return attached_; }

  /// Makes `engine` the engine of this thread and returns the previous one. With null, a blocking
  /// engine is made on demand.
  static Engine* set_current(Engine* engine);

 private:
  /// Returns what an engine that the channel has left already had for `operation`, or -EAGAIN.
  static int take_carried(Operation& operation);

  const void* thread_;  ///< Only distinguishes threads.
  ChannelState* attached_ = nullptr;
};

/// True if `result` is one of the negated end codes (end_code.h), not a count or a negated errno.
inline bool is_end_code(int result) { return result <= -kShortageEnd; }

}  // namespace hotline::engine
