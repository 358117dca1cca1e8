#include "engine/longest_blocked.h"

#include <list>
#include <vector>

#include <doctest/doctest.h>

#include "engine/plain_wait.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::longest_blocked_test {
namespace {

/// Parks a fiber in each of `count` waits, one turn after the other, and calls `body` with them in
/// the order in which they began.
void with_waits(std::size_t count, const std::function<void(std::vector<PlainWait*>&)>& body) {
  test::on_loop(EngineKind::epoll, [&](EventLoop& loop) {
    std::list<PlainWait> waits;
    std::vector<PlainWait*> begun;
    FiberGroup group(loop);
    for (std::size_t i = 0; i < count; ++i) {
      PlainWait& wait = waits.emplace_back(loop);
      begun.push_back(&wait);
      loop.spawn(
          "blocked", [&] { loop.park(wait, Deadline::never()); }, &group);
      loop.yield();
      loop.yield();
    }
    body(begun);
    for (PlainWait* wait : begun) loop.complete(*wait, 0);
    group.join();
  });
}

Instant when_all_count(const std::vector<PlainWait*>& waits) {
  return waits.back()->begun() + LongestBlocked::kBlockedMin;
}

}  // namespace

TEST_CASE(
    "if there are more waits than are cut at once, the longest are found, the longest first") {
  with_waits(100, [](std::vector<PlainWait*>& waits) {
    LongestBlocked blocked(when_all_count(waits));
    for (std::size_t i = 0; i < waits.size(); ++i) blocked.consider(*waits[(i * 37) % 100]);
    REQUIRE(blocked.found().size() == 32);
    for (std::size_t i = 0; i < 32; ++i) {
      const auto* found = static_cast<PlainWait*>(blocked.found()[i]);
      CHECK(found->begun() == waits[i]->begun());
    }
  });
}

TEST_CASE("a wait that has not lasted long is not a candidate") {
  with_waits(3, [](std::vector<PlainWait*>& waits) {
    const Instant first_counts = waits[0]->begun() + LongestBlocked::kBlockedMin;
    LongestBlocked none(first_counts - Duration(1));
    for (PlainWait* wait : waits) none.consider(*wait);
    CHECK(none.found().empty());
    LongestBlocked all(when_all_count(waits));
    for (PlainWait* wait : waits) all.consider(*wait);
    CHECK(all.found().size() == 3);
  });
}

}  // namespace hotline::engine::longest_blocked_test
