#include "engine/fiber_group.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "engine/event_loop.h"

namespace hotline::engine {

class FiberGroup::JoinWait final : public Wait {
 public:
  explicit JoinWait(FiberGroup& group) : group_(group) {}

  // A join never ends before its members have, so it forwards the request to them.
  void interrupt(int end_code) noexcept override {
    if (end_code != kDrainEnd) end_code_ = end_code;
    group_.interrupt(end_code == kDrainEnd ? kDrainEnd : kCancelEnd);
  }
  bool is_drainable() const noexcept override { return true; }

  int end_code() const { return end_code_; }

 private:
  FiberGroup& group_;
  int end_code_ = 0;
};

void FiberGroup::interrupt(int end_code) noexcept {
  end_code_ = std::max(end_code_, end_code);
  for (Fiber* fiber = first_; fiber != nullptr; fiber = fiber->next_in_group_) {
    loop_.interrupt(*fiber, end_code);
  }
}

int FiberGroup::join() {
  if (size_ == 0) return 0;
  check_use(loop_.fiber() == nullptr || loop_.fiber()->group_ != this,
            "a fiber joins the task group that it belongs to: it would wait for itself");
  check_use(joiner_ == nullptr, "two fibers join one task group at once");
  JoinWait wait(*this);
  joiner_ = &wait;
  loop_.park(wait, Deadline::never());
  joiner_ = nullptr;
  return -wait.end_code();
}

void FiberGroup::add(Fiber& fiber) {
  fiber.group_ = this;
  fiber.next_in_group_ = first_;
  if (first_ != nullptr) first_->previous_in_group_ = &fiber;
  first_ = &fiber;
  ++size_;
  fiber.scope.end_code = std::max(fiber.scope.end_code, end_code_);
}

void FiberGroup::remove(Fiber& fiber) {
  (fiber.previous_in_group_ == nullptr ? first_ : fiber.previous_in_group_->next_in_group_) =
      fiber.next_in_group_;
  if (fiber.next_in_group_ != nullptr) {
    fiber.next_in_group_->previous_in_group_ = fiber.previous_in_group_;
  }
  if (fiber.thrown_ && cancels_on_throw_) interrupt(kCancelEnd);
  if (fiber.thrown_ && !thrown_) thrown_ = std::move(fiber.thrown_);
  if (--size_ == 0 && joiner_ != nullptr) loop_.complete(*joiner_, 0);
}

}  // namespace hotline::engine
