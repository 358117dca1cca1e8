#pragma once

#include "engine/event_loop.h"

namespace hotline::engine {

/// A wait that an interruption ends at once, because no operation is in progress that would have to
/// end first.
class PlainWait final : public Wait {
 public:
  explicit PlainWait(EventLoop& loop, OnDrain on_drain = OnDrain::goes_on)
      : loop_(loop), on_drain_(on_drain) {}

  void interrupt(int end_code) noexcept override { loop_.complete(*this, -end_code); }
  bool is_drainable() const noexcept override { return on_drain_ == OnDrain::ends; }

 private:
  EventLoop& loop_;
  OnDrain on_drain_;
};

}  // namespace hotline::engine
