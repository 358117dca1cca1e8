#include <algorithm>
#include <list>
#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/plain_wait.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::event_loop_fairness_test {

TEST_CASE("fibers with much work run after those with little, however early they were ready") {
  test::on_each_loop([](EventLoop& loop) {
    std::string order;
    FiberGroup group(loop);
    PlainWait bulk(loop);
    PlainWait light(loop);
    bulk.set_weight(Weight::bulk);
    const auto park_in = [&](PlainWait& wait, char name) {
      loop.spawn(
          "test",
          [&loop, &order, &wait, name] {
            loop.park(wait, Deadline::never());
            order += name;
          },
          &group);
    };
    park_in(bulk, 'b');
    park_in(light, 'l');
    loop.yield();
    loop.mailbox()->post([&] {
      loop.complete(bulk, 0);
      loop.complete(light, 0);
    });
    group.join();
    CHECK(order == "lb");
  });
}

TEST_CASE("a fiber with little work waits for a slice of those with much, not for all of them") {
  test::on_each_loop([](EventLoop& loop) {
    constexpr int kBulkCount = 100;
    static constexpr Duration kWork = std::chrono::microseconds(200);
    FiberGroup group(loop);
    std::list<PlainWait> waits;
    int ran_count = 0;
    for (int i = 0; i < kBulkCount; ++i) {
      PlainWait& wait = waits.emplace_back(loop);
      wait.set_weight(Weight::bulk);
      loop.spawn(
          "bulk",
          [&loop, &wait, &ran_count] {
            loop.park(wait, Deadline::never());
            const Instant until = loop.read_clock() + kWork;
            while (loop.read_clock() < until) continue;
            ++ran_count;
          },
          &group);
    }
    loop.yield();
    for (PlainWait& wait : waits) loop.complete(wait, 0);
    int ran_between_max = 0;
    while (ran_count < kBulkCount) {
      const int before = ran_count;
      loop.yield();
      ran_between_max = std::max(ran_between_max, ran_count - before);
      CHECK(ran_count > before);
    }
    CHECK(ran_between_max <= 6);
    group.join();
  });
}

}  // namespace hotline::engine::event_loop_fairness_test
