#pragma once

#include "hotline/core/public.h"

// Outside of what is exported.
namespace hotline::engine {
struct Scope;
}  // namespace hotline::engine

namespace hotline HOTLINE_PUBLIC {

/// Defers a drain: while it exists, a drain ends none of this fiber's waits (on a thread without a
/// loop, of the thread's waits), and a join does not forward it to the members of the group. A
/// drain that arrives in that time takes effect when the hold is destroyed. A cancel and a deadline
/// end the waits as usual. Use it around an exchange that must be completed:
///
///     const DrainHold hold;                       // the peer's answer must still be received
///     if (!call.write_all(question)) return;
///     const auto answer = call.receive();
///
/// Holds may be nested. Keep each in a local variable: the program aborts if a hold is destroyed on
/// a fiber or thread other than the one that made it.
class DrainHold {
 public:
  DrainHold();
  ~DrainHold();
  DrainHold(const DrainHold&) = delete;
  DrainHold& operator=(const DrainHold&) = delete;

 private:
  engine::Scope& scope_;
  bool outer_;
};

/// Returns true if this fiber, or this thread if it has no loop, has received a drain or a cancel,
/// even under a DrainHold. A task that computes or polls calls it, and ends when it returns true.
/// Any thread; never waits. On a loop a drain arrives only while the fiber waits or yields.
///
///     while (!is_draining() && work_is_left()) do_some_work(), yield();
bool is_draining();

}  // namespace hotline
