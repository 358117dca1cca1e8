#include "engine/starved_queue.h"

#include <array>

#include <doctest/doctest.h>

namespace hotline::engine::starved_queue_test {

TEST_CASE("descriptors that wait for a buffer get one in the order in which they began to wait") {
  std::array<ChannelState, 3> states;
  StarvedQueue queue;
  CHECK(queue.is_empty());
  for (ChannelState& state : states) queue.push(state);
  for (ChannelState& state : states) {
    CHECK(state.starved_in == &queue);
    CHECK(&queue.pop() == &state);
    CHECK(!state.is_starved());
  }
  CHECK(queue.is_empty());
}

TEST_CASE("a descriptor can leave the queue from any place, and the others keep theirs") {
  for (std::size_t removed = 0; removed < 3; ++removed) {
    std::array<ChannelState, 3> states;
    StarvedQueue queue;
    for (ChannelState& state : states) queue.push(state);
    queue.remove(states[removed]);
    CHECK(!states[removed].is_starved());
    for (std::size_t i = 0; i < 3; ++i) {
      if (i != removed) CHECK(&queue.pop() == &states[i]);
    }
    CHECK(queue.is_empty());
    queue.push(states[removed]);
    CHECK(&queue.pop() == &states[removed]);
  }
}

}  // namespace hotline::engine::starved_queue_test
