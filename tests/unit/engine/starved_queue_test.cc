#include "engine/starved_queue.h"

#include <array>

#include <doctest/doctest.h>

namespace hotline::engine {

TEST_CASE("descriptors that wait for a buffer get one in the order in which they began to wait") {
  std::array<ChannelState, 3> states;
  StarvedQueue queue;
  CHECK(queue.is_empty());
  for (ChannelState& state : states) queue.push(state);
  for (ChannelState& state : states) {
    CHECK(state.is_starved);
    CHECK(&queue.pop() == &state);
    CHECK(!state.is_starved);
  }
  CHECK(queue.is_empty());
}

TEST_CASE("a descriptor can leave the queue from any place, and the others keep theirs") {
  for (std::size_t removed = 0; removed < 3; ++removed) {
    std::array<ChannelState, 3> states;
    StarvedQueue queue;
    for (ChannelState& state : states) queue.push(state);
    queue.remove(states[removed]);
    CHECK(!states[removed].is_starved);
    for (std::size_t i = 0; i < 3; ++i) {
      if (i != removed) CHECK(&queue.pop() == &states[i]);
    }
    CHECK(queue.is_empty());
    queue.push(states[removed]);
    CHECK(&queue.pop() == &states[removed]);
  }
}

TEST_CASE("removing a descriptor that is not in the queue changes nothing") {
  std::array<ChannelState, 2> states;
  StarvedQueue queue;
  queue.remove(states[0]);
  CHECK(queue.is_empty());
  queue.push(states[1]);
  queue.remove(states[0]);
  CHECK(&queue.pop() == &states[1]);
}

}  // namespace hotline::engine
