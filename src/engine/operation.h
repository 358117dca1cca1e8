#pragma once

#include <cerrno>
#include <cstdint>

#include "engine/wait.h"

struct io_uring_sqe;

namespace hotline::engine {

class Channel;

/// What a descriptor is waited on for.
enum class Direction : std::uint8_t { read, write };

/// One I/O, described once for every engine: what to try, what to wait for, how to submit it. An
/// operation lives on the stack of whoever performs it, until it has completed: engines return only
/// then.
class Operation {
 public:
  /// Which operation this is: for an engine that has its own way for it, and for the simulated one.
  enum class Kind : std::uint8_t {
    accept,
    connect,
    receive,
    send,
    send_vectored,
    receive_datagrams,
    send_datagrams,
    wait_ready,
    wait_process,
    read,
    write,
  };

  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  Kind kind() const { return kind_; }
  Channel& channel() const { return channel_; }
  Direction direction() const { return direction_; }

  /// Whether a drain ends this wait when nothing is pending.
  bool is_drainable() const {
    return kind_ == Kind::accept || kind_ == Kind::receive || kind_ == Kind::receive_datagrams;
  }

  OnDrain on_drain() const { return is_drainable() ? OnDrain::ends : OnDrain::goes_on; }

  /// Tries without waiting: a count or descriptor, a negated errno, or -EAGAIN for "not yet".
  virtual int attempt() noexcept = 0;

  /// A drain or the deadline has come while this waited: something may have come too, that nobody
  /// was told of yet. `ended` if nothing has.
  int attempt_last(int ended) noexcept {
    const int result = attempt();
    return result == -EAGAIN || result == -ENOBUFS ? ended : result;
  }

  /// Whether `result` of attempt() shows that nothing more is ready right now, so that another
  /// attempt before the next readiness event would be wasted.
  virtual bool has_exhausted(int result) const noexcept {
    static_cast<void>(result);
    return false;
  }

  /// Whether io_uring does better to submit it than to attempt it and poll.
  bool is_submitted() const {
    return kind_ == Kind::connect || kind_ == Kind::send || kind_ == Kind::send_vectored;
  }

  /// Fills a submission that completes with what attempt() returns; for those that are submitted.
  virtual void prepare(io_uring_sqe& entry) noexcept { static_cast<void>(entry); }

 protected:
  Operation(Kind kind, Channel& channel, Direction direction)
      : channel_(channel), kind_(kind), direction_(direction) {}
  ~Operation() = default;

 private:
  Channel& channel_;
  Kind kind_;
  Direction direction_;
};

}  // namespace hotline::engine
