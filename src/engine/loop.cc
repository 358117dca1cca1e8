#include "hotline/engine/loop.h"

#include <cerrno>
#include <new>
#include <utility>

#include "core/check.h"
#include "engine/event_loop.h"

namespace hotline {
namespace {

using engine::EventLoop;

constexpr std::string_view kPost = "post to an event loop";

}  // namespace

std::optional<Loop> Loop::current() {
  EventLoop* const loop = EventLoop::running();
  if (loop == nullptr) return std::nullopt;
  return Loop(loop->mailbox());
}

Result<void> Loop::post(std::move_only_function<void()> function) const {
  check_use(static_cast<bool>(function), "an empty function is posted to a loop");
  auto run = [function = std::move(function)]() mutable noexcept {
    try {
      function();
    } catch (...) {
      stop_for_misuse("a function that was posted to a loop has thrown: catch what it may throw");
    }
  };
  try {
    engine::Mailbox::Letters letters;
    letters.emplace_back(std::move(run));
    if (mailbox_->post(std::move(letters))) return {};
  } catch (const std::bad_alloc&) {
    return fail({ErrorKind::resource_exhausted, ENOMEM, kPost, {}, {}, {}});
  }
  return fail(make_error(ErrorKind::closed, kPost, {}, "the loop has ended"));
}

bool Loop::is_current() const {
  EventLoop* const loop = EventLoop::running();
  return loop != nullptr && loop->mailbox() == mailbox_;
}

}  // namespace hotline
