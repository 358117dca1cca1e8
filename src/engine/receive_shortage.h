#pragma once

#include <cstddef>

#include "engine/buffer.h"
#include "engine/starved_queue.h"

namespace hotline::engine {

/// What a loop does about a shortage of receive buffers: it keeps the descriptors that wait for
/// one, and decides when to cut streams that hold one while their peers read nothing. Descriptors
/// that carry little data come before those that carry much, which may not use the reserve of the
/// pool. Loop thread only.
class ReceiveShortage {
 public:
  /// `pool` must outlive this object.
  explicit ReceiveShortage(BufferPool& pool) : pool_(pool) {}

  /// Returns true if any descriptor waits for a buffer.
  bool is_felt() const { return !light_.is_empty() || !bulk_.is_empty(); }

  /// Returns true if a descriptor that carries little data waits.
  bool is_felt_by_light() const { return !light_.is_empty(); }

  /// Adds `state` to the descriptors that wait for a buffer. If it waits already, it keeps its
  /// place.
  void add(ChannelState& state) noexcept;

  /// Removes `state` from the descriptors that wait, if it does.
  void remove(ChannelState& state) noexcept {
    if (state.is_starved()) state.starved_in->remove(state);
  }

  /// Passes the descriptors that may have a buffer now to `feed(ChannelState&)` and removes them:
  /// `light_count` of those that carry little data, and as many of the others as there are buffers
  /// above the reserve. More of them would try without success in every turn. Returns true if there
  /// was any.
  template <typename Feed>
  bool feed(std::size_t light_count, Feed feed) {
    const bool has_fed = feed_from(light_, light_count, feed);
    return feed_from(bulk_, pool_.above_reserve(), feed) || has_fed;
  }

  /// Returns true if it is time to cut streams, and then false for a while. When called during a
  /// shortage, it also lets the pool try to grow again.
  bool is_cut_due(Instant now) noexcept;

  /// Returns when to call is_cut_due() again, `until` at the latest; earlier during a shortage.
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
