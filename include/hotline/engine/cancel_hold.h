#pragma once

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"

// Outside of what is exported.
namespace hotline::engine {
struct Scope;
}  // namespace hotline::engine

namespace hotline HOTLINE_PUBLIC {

/// Defers a cancel, a drain and the deadlines of DeadlineScopes around it: while it exists, they
/// end none of this fiber's waits (on a thread without a loop, of the thread's waits), and a join
/// does not forward them to the members of the group. What was asked for in that time takes effect
/// when the hold is destroyed. A deadline that a wait is given itself ends it as usual. Use it to
/// clean up, which a fiber that is cancelled could not do otherwise, and for changes that must not
/// be left half done:
///
///     const CancelHold hold;
///     discard(directory.remove_file(partial));
///
/// The fiber that cancels waits for the end of this one, so hold only what ends by itself, and
/// soon: calls on files and directories, not a wait for a peer.
///
/// Holds may be nested. Keep each in a local variable: the program aborts if a hold is destroyed on
/// a fiber or thread other than the one that made it.
class CancelHold {
 public:
  CancelHold();
  ~CancelHold();
  CancelHold(const CancelHold&) = delete;
  CancelHold& operator=(const CancelHold&) = delete;

 private:
  engine::Scope& scope_;
  bool outer_;
  Deadline outer_deadline_;
};

}  // namespace hotline
