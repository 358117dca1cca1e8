#include "engine/turn.h"

#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::turn_test {

TEST_CASE("fibers get the turn one at a time, in the order in which they asked") {
  test::on_each_loop([](EventLoop& loop) {
    Turn turn;
    FiberGroup group(loop);
    std::string order;
    int inside = 0;
    for (const char name : {'a', 'b', 'c', 'd'}) {
      loop.spawn(
          "test",
          [&, name] {
            const Turn::Holder holder(turn);
            CHECK(++inside == 1);
            order += name;
            loop.yield();
            CHECK(sleep_for(std::chrono::microseconds(100)));
            --inside;
          },
          &group);
    }
    group.join();
    CHECK(order == "abcd");
  });
}

TEST_CASE("a turn can be taken again after it is released") {
  test::on_each_loop([](EventLoop&) {
    Turn turn;
    for (int i = 0; i < 3; ++i) {
      const Turn::Holder holder(turn);
      CHECK(sleep_for(Duration::zero()));
    }
  });
}

TEST_CASE("an exception releases the turn") {
  test::on_each_loop([](EventLoop& loop) {
    Turn turn;
    FiberGroup group(loop);
    bool has_had_it = false;
    loop.spawn(
        "thrower",
        [&] {
          const Turn::Holder holder(turn);
          loop.yield();
          throw 1;
        },
        &group);
    loop.spawn(
        "next",
        [&] {
          const Turn::Holder holder(turn);
          has_had_it = true;
        },
        &group);
    group.join();
    CHECK(group.take_thrown());
    CHECK(has_had_it);
  });
}

TEST_CASE("a fiber cancelled while it waits for the turn still waits, and passes it on") {
  test::on_each_loop([](EventLoop& loop) {
    Turn turn;
    FiberGroup group(loop);
    std::string order;
    for (const char name : {'a', 'b', 'c'}) {
      loop.spawn(
          "test",
          [&, name] {
            const Turn::Holder holder(turn);
            loop.yield();
            order += name;
          },
          &group);
    }
    loop.yield();
    group.interrupt(kCancelEnd);
    group.join();
    CHECK(order == "abc");
  });
}

TEST_CASE("on a thread without a loop there is no other fiber to wait for") {
  Turn turn;
  const Turn::Holder one(turn);
  const Turn::Holder other(turn);
}

}  // namespace hotline::engine::turn_test
