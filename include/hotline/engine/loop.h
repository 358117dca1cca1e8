#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "hotline/core/result.h"

namespace hotline {

namespace engine {
class Mailbox;
}

/// An event loop, as other threads know it: a value that can be copied to any thread and kept for
/// any time, also after the loop has ended.
///
///     const auto loop = Loop::current();                // on a fiber, such as a handler's
///     std::thread([loop, &waiting_call] {               // elsewhere
///       static_cast<void>(loop->post([&] { waiting_call.resume(); }));
///     });
///
/// To hand values to a fiber, or to wake it, a Queue or an Event is simpler and needs no Loop.
class Loop {
 public:
  /// Returns the loop that runs on this thread; nothing on a thread that runs none.
  static std::optional<Loop> current();

  /// Runs `function` on the loop's thread, in the order of the posts, outside any fiber: it must
  /// not wait, and nothing may leave it as an exception; both end the program. Fails with `closed`
  /// if the loop has ended, and with `resource_exhausted` if there is no memory. If the loop ends
  /// first, `function` is destroyed without being called; a posted function does not keep a loop
  /// from ending. Never waits. Any thread.
  Result<void> post(std::move_only_function<void()> function) const;

  /// Returns whether it runs on the calling thread. Any thread.
  bool is_current() const;

  bool operator==(const Loop&) const = default;

 private:
  explicit Loop(std::shared_ptr<engine::Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

  std::shared_ptr<engine::Mailbox> mailbox_;
};

}  // namespace hotline
