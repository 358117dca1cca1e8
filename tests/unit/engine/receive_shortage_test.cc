#include "engine/receive_shortage.h"

#include <array>
#include <vector>

#include <doctest/doctest.h>

#include "engine/longest_blocked.h"
#include "hotline/engine/clock.h"

namespace hotline::engine::receive_shortage_test {
namespace {

constexpr BufferPool::Options kSixteen{.buffer_bytes = 4096, .memory_max = 16 * 4096};

/// Takes `count` buffers of `pool`.
std::vector<Buffer> taken(BufferPool& pool, std::size_t count) {
  std::vector<Buffer> buffers;
  for (std::size_t i = 0; i < count; ++i) buffers.push_back(pool.take());
  return buffers;
}

/// Feeds and returns those that were fed, in that order.
std::vector<ChannelState*> fed_by(ReceiveShortage& shortage, std::size_t light_count) {
  std::vector<ChannelState*> fed;
  const bool has_fed =
      shortage.feed(light_count, [&](ChannelState& state) { fed.push_back(&state); });
  CHECK(has_fed == !fed.empty());
  return fed;
}

struct Waiting {
  Waiting() {
    for (ChannelState& state : bulk) state.weight = Weight::bulk;
    for (std::size_t i = 0; i < 3; ++i) {
      shortage.add(bulk[i]);
      shortage.add(light[i]);
    }
  }

  BufferPool pool{kSixteen};
  ReceiveShortage shortage{pool};
  std::array<ChannelState, 3> light;
  std::array<ChannelState, 3> bulk;
};

}  // namespace

TEST_CASE("light descriptors are fed first, and bulk ones from above the reserve") {
  Waiting waiting;
  CHECK(waiting.shortage.is_felt());
  CHECK(waiting.shortage.is_felt_by_light());
  // The reserve is an eighth of sixteen, so one is left for those that bring much.
  const auto held = taken(waiting.pool, 13);
  CHECK(fed_by(waiting.shortage, 2) ==
        std::vector<ChannelState*>{&waiting.light[0], &waiting.light[1], &waiting.bulk[0]});
  CHECK_FALSE(waiting.light[0].is_starved());
  CHECK(waiting.light[2].is_starved());
  CHECK(fed_by(waiting.shortage, 5) ==
        std::vector<ChannelState*>{&waiting.light[2], &waiting.bulk[1]});
  CHECK_FALSE(waiting.shortage.is_felt_by_light());
  CHECK(waiting.shortage.is_felt());
}

TEST_CASE("nothing is fed if there is no buffer") {
  Waiting waiting;
  const auto held = taken(waiting.pool, 14);
  CHECK(fed_by(waiting.shortage, 0).empty());
}

TEST_CASE("a descriptor that waits already keeps its place, whatever it has received since") {
  Waiting waiting;
  waiting.light[0].weight = Weight::bulk;
  waiting.shortage.add(waiting.light[0]);
  CHECK(fed_by(waiting.shortage, 1).front() == &waiting.light[0]);
}

TEST_CASE("a waiting descriptor can be removed, whatever it has received since") {
  Waiting waiting;
  waiting.bulk[0].weight = Weight::light;
  waiting.light[1].weight = Weight::bulk;
  for (ChannelState* state : {&waiting.bulk[0], &waiting.light[1]}) {
    waiting.shortage.remove(*state);
    CHECK_FALSE(state->is_starved());
    waiting.shortage.remove(*state);  // It waits no longer: nothing happens.
  }
  CHECK(fed_by(waiting.shortage, 9) ==
        std::vector<ChannelState*>{&waiting.light[0], &waiting.light[2], &waiting.bulk[1],
                                   &waiting.bulk[2]});
  CHECK_FALSE(waiting.shortage.is_felt());
}

TEST_CASE("streams are to be cut when only the reserve is left, and then not for a while") {
  Waiting waiting;
  const Instant time = now();
  CHECK_FALSE(waiting.shortage.is_cut_due(time));
  const auto held = taken(waiting.pool, 14);
  CHECK(waiting.shortage.is_cut_due(time));
  CHECK_FALSE(waiting.shortage.is_cut_due(time));
  CHECK_FALSE(waiting.shortage.is_cut_due(time + LongestBlocked::kPause - Duration(1)));
  CHECK(waiting.shortage.is_cut_due(time + LongestBlocked::kPause));
}

TEST_CASE("a loop waits no longer than the pause while a descriptor waits for a buffer") {
  BufferPool pool(kSixteen);
  ReceiveShortage shortage(pool);
  const Instant time = now();
  CHECK(shortage.bound(Deadline::never(), time).is_never());
  ChannelState state;
  shortage.add(state);
  CHECK(shortage.bound(Deadline::never(), time).instant() == time + LongestBlocked::kPause);
  CHECK(shortage.bound(Deadline::at(time), time).instant() == time);
  shortage.remove(state);
}

}  // namespace hotline::engine::receive_shortage_test
