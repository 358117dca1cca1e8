#pragma once

#include <cerrno>
#include <cstdint>

#include "engine/wait.h"

struct io_uring_sqe;

namespace hotline::engine {

class Channel;

/// What a descriptor is waited on for.
enum class Direction : std::uint8_t { read, write };

/// One I/O operation, described once for every engine: what to attempt, what to wait for, how to
/// submit it. An operation is on the stack of its caller until it has completed; engines return
/// only then.
class Operation {
 public:
  /// Which operation this is, for engines that perform some of them in their own way.
  enum class Kind : std::uint8_t {
    accept,
    connect,
    receive,
    send,
    send_vectored,
    receive_datagrams,
    send_datagrams,
    receive_errors,
    wait_ready,
    wait_process,
    read,
    write,
    send_file,
  };

  /// When an engine that submits operations begins this one: with the others of its turn, or at
  /// once, which costs a system call, while its bytes are in the cache.
  enum class Start : bool { with_others, at_once };

  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  Kind kind() const { return kind_; }
  Channel& channel() const { return channel_; }
  Direction direction() const { return direction_; }

  /// Returns true if a drain ends this wait when nothing is pending.
  bool is_drainable() const { return on_drain_ == OnDrain::ends; }

  OnDrain on_drain() const { return on_drain_; }

  /// Attempts the operation without waiting. Returns a count or a descriptor, a negated errno, or
  /// -EAGAIN if it would have to wait.
  virtual int attempt() noexcept = 0;

  /// Returns true if attempt_waiting() waits.
  virtual bool can_wait_in_call() const noexcept { return false; }

  /// Attempts the operation and waits in the system call for at most CallWait::kMax. Returns as
  /// attempt(), also -EAGAIN after a signal.
  virtual int attempt_waiting() noexcept { return attempt(); }

  /// Attempts the operation once more when a drain or the deadline ends its wait, because something
  /// may have arrived without a notification. Returns `ended` if nothing has.
  int attempt_last(int ended) noexcept {
    const int result = attempt();
    return result == -EAGAIN || result == -ENOBUFS ? ended : result;
  }

  /// Returns true if `result` of attempt() shows that nothing more is ready now, so that another
  /// attempt before the next readiness event would be wasted.
  virtual bool has_exhausted(int result) const noexcept {
    static_cast<void>(result);
    return false;
  }

  /// Returns true if io_uring should submit the operation instead of attempting it and polling.
  bool is_submitted() const {
    if (start_ == Start::at_once) return false;
    return kind_ == Kind::connect || kind_ == Kind::send || kind_ == Kind::send_vectored;
  }

  /// Fills in a submission that completes with what attempt() returns. Only for operations that are
  /// submitted.
  virtual void prepare(io_uring_sqe& entry) noexcept { static_cast<void>(entry); }

 protected:
  Operation(Kind kind, Channel& channel, Direction direction)
      : Operation(kind, channel, direction, on_drain_of(kind)) {}
  Operation(Kind kind, Channel& channel, Direction direction, OnDrain on_drain,
            Start start = Start::with_others)
      : channel_(channel), kind_(kind), direction_(direction), on_drain_(on_drain), start_(start) {}
  ~Operation() = default;

 private:
  static constexpr OnDrain on_drain_of(Kind kind) {
    const bool is_for_new =
        kind == Kind::accept || kind == Kind::receive || kind == Kind::receive_datagrams;
    return is_for_new ? OnDrain::ends : OnDrain::goes_on;
  }

  Channel& channel_;
  Kind kind_;
  Direction direction_;
  OnDrain on_drain_;
  Start start_;
};

}  // namespace hotline::engine
