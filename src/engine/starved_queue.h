#pragma once

#include <utility>

#include "engine/channel.h"

namespace hotline::engine {

/// Descriptors that wait for a receive buffer, in the order in which they began to wait. Intrusive
/// and without allocation: a descriptor is in one queue at a time and knows which. Loop thread
/// only.
class StarvedQueue {
 public:
  StarvedQueue() = default;
  StarvedQueue(const StarvedQueue&) = delete;
  StarvedQueue& operator=(const StarvedQueue&) = delete;

  bool is_empty() const { return first_ == nullptr; }

  /// Appends `state`, which must not be in any queue.
  void push(ChannelState& state) noexcept {
    (last_ == nullptr ? first_ : last_->next_starved) = &state;
    last_ = &state;
    state.starved_in = this;
  }

  /// Removes and returns the first. The queue must not be empty.
  ChannelState& pop() noexcept {
    ChannelState& state = *first_;
    unlink(state, nullptr);
    return state;
  }

  /// Removes `state`, which is in this queue.
  void remove(ChannelState& state) noexcept {
    ChannelState* before = nullptr;
    for (ChannelState* each = first_; each != &state; each = each->next_starved) before = each;
    unlink(state, before);
  }

 private:
  void unlink(ChannelState& state, ChannelState* before) noexcept {
    ChannelState* const next = std::exchange(state.next_starved, nullptr);
    (before == nullptr ? first_ : before->next_starved) = next;
    if (last_ == &state) last_ = before;
    state.starved_in = nullptr;
  }

  ChannelState* first_ = nullptr;
  ChannelState* last_ = nullptr;
};

}  // namespace hotline::engine
