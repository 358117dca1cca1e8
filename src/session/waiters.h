#pragma once

#include <cstdint>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/event.h"
#include "hotline/session/session_codes.h"

namespace hotline::session {

/// What a fiber or thread waits for: one or more bits.
using Interest = std::uint32_t;

/// Something can be read of that flow, or with kMessageFlow a message.
constexpr Interest readable(std::uint8_t flow) {
  return 1U << (flow == kMessageFlow ? kSessionFlowsMax : flow);
}

/// There may be credit for that flow, or with kMessageFlow for a message.
constexpr Interest writable(std::uint8_t flow) { return readable(flow) << 10; }

inline constexpr Interest kAnyReadable = (2U << kSessionFlowsMax) - 1;
inline constexpr Interest kAnswered = 1U << 20;  ///< The peer has accepted a stream.
inline constexpr Interest kRoom = 1U << 21;      ///< More can be queued.
inline constexpr Interest kReady = 1U << 22;     ///< The peer's HELLO has arrived.
inline constexpr Interest kOffered = 1U << 23;   ///< The peer has opened a stream, or drains.
inline constexpr Interest kPlace = 1U << 24;     ///< A stream has ended.
inline constexpr Interest kOver = 1U << 25;      ///< The session has ended.
inline constexpr Interest kCut = 1U << 26;       ///< A stream or the session has ended early.
inline constexpr Interest kAll = ~Interest{0};

class Waiter;

/// The fibers and threads that wait for one object, in the order in which they came. The mutex of
/// the object is held around every call.
class Waiters {
 public:
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  /// Wakes every waiter that has an interest in `what`.
  void wake_all(Interest what);

  /// Wakes the first waiter with an interest in `what` that was not woken.
  void wake_one(Interest what);

 private:
  friend class Waiter;

  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

/// A place among Waiters, for one wait. Made and destroyed with the mutex held, waits without it.
class Waiter {
 public:
  Waiter(Waiters& waiters, Interest interest);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Fails as Event::wait().
  Result<void> wait(Deadline deadline, OnDrain on_drain) { return event_.wait(deadline, on_drain); }

  bool is_woken() const { return is_woken_; }

 private:
  friend class Waiters;
  void wake();

  Waiters& waiters_;
  Interest interest_;
  bool is_woken_ = false;
  Event event_;
  Waiter* previous_;
  Waiter* next_ = nullptr;
};

}  // namespace hotline::session
