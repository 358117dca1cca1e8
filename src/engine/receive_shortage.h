#pragma once

#include <cstddef>

#include "engine/buffer.h"
#include "engine/starved_queue.h"

namespace hotline::engine {

/// What a loop knows of a shortage of receive buffers: which descriptors wait for one, and when to
/// cut streams that hold one while their peers take nothing. Descriptors that bring little come
/// before those that bring much, which may not use up the pool's reserve. Loop thread only.
class ReceiveShortage {
 public:
  /// `pool` outlives this.
  explicit ReceiveShortage(BufferPool& pool) : pool_(pool) {}

  /// Whether any descriptor waits for a buffer.
  bool is_felt() const { return !light_.is_empty() || !bulk_.is_empty(); }

  /// Whether one waits that brings little.
  bool is_felt_by_light() const { return !light_.is_empty(); }

  /// Lets `state` wait for a buffer. If it waits already it keeps its place.
  void add(ChannelState& state) noexcept;

  /// Lets `state` wait no longer, if it does.
  void remove(ChannelState& state) noexcept {
    if (state.is_starved()) state.starved_in->remove(state);
  }

  /// Gives `feed(ChannelState&)` the descriptors that may have a buffer now, and lets them wait no
  /// longer: `light_count` of those that bring little, and of the others as many as there are
  /// buffers above the reserve. More of them would ask in vain, each turn anew. Returns whether
  /// there was any.
  template <typename Feed>
  bool feed(std::size_t light_count, Feed feed) {
    const bool has_fed = feed_from(light_, light_count, feed);
    return feed_from(bulk_, pool_.above_reserve(), feed) || has_fed;
  }

  /// Whether it is time to cut streams. Then it is not for a while. Asked while the shortage is
  /// felt, this also lets the pool try again to grow.
  bool is_cut_due(Instant now) noexcept;

  /// `until`, or earlier while the shortage is felt: when is_cut_due() is to be asked again.
  Deadline bound(Deadline until, Instant now) const;

 private:
  template <typename Feed>
  static bool feed_from(StarvedQueue& queue, std::size_t count, Feed& feed) {
    const bool has_any = count > 0 && !queue.is_empty();
    for (; count > 0 && !queue.is_empty(); --count) feed(queue.pop());
    return has_any;
  }

  BufferPool& pool_;
  StarvedQueue light_;
  StarvedQueue bulk_;
  Instant next_cut_{};
};

}  // namespace hotline::engine
