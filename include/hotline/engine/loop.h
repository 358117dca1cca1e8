#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

// Outside of what is exported.
namespace hotline::engine {
class Mailbox;
}  // namespace hotline::engine

namespace hotline HOTLINE_PUBLIC {

/// A handle of an event loop for other threads: a value that can be copied to any thread and kept
/// for any time, even after the loop has ended.
///
///     const auto loop = Loop::current();                // on a fiber, such as a handler's
///     std::thread([loop, &waiting_call] {               // elsewhere
///       static_cast<void>(loop->post([&] { waiting_call.resume(); }));
///     });
///
/// A Queue or an Event is simpler for passing values to a fiber, or waking it, and needs no Loop.
class Loop {
 public:
  /// Returns the loop of this thread, or nothing on a thread without one.
  static std::optional<Loop> current();

  /// Runs `function` on the loop's thread, in the order of the posts, outside any fiber. The
  /// program ends if `function` waits or throws. Fails with `closed` if the loop has ended, and
  /// with `resource_exhausted` if there is no memory. If the loop ends first, `function` is
  /// destroyed without being called; a posted function does not keep a loop from ending. Never
  /// waits. Any thread.
  Result<void> post(std::move_only_function<void()> function) const;

  /// Returns true if the loop runs on the calling thread. Any thread.
  bool is_current() const;

  bool operator==(const Loop&) const = default;

 private:
  explicit Loop(std::shared_ptr<engine::Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

  std::shared_ptr<engine::Mailbox> mailbox_;
};

}  // namespace hotline
