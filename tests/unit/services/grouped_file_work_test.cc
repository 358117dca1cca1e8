#include "services/grouped_file_work.h"

#include <array>
#include <cstddef>
#include <future>
#include <new>
#include <optional>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/loops.h"
#include "support/memory_shortage.h"

namespace hotline::services::grouped_file_work_test {
namespace {

TEST_CASE("what comes while a group runs is the next group, in the same order") {
  test::on_each_loop([](engine::EventLoop&) {
    GroupedFileWork grouped;
    std::promise<void> gate;
    std::vector<int> order;
    TaskGroup fibers;
    REQUIRE(fibers.spawn("first", [&] {
      CHECK(grouped.run([&] {
        gate.get_future().wait();
        order.push_back(0);
      }));
    }));
    for (int i = 1; i <= 3; ++i) {
      REQUIRE(
          fibers.spawn("other", [&, i] { CHECK(grouped.run([&, i] { order.push_back(i); })); }));
    }
    REQUIRE(fibers.spawn("last", [&] { gate.set_value(); }));
    CHECK(fibers.join());
    CHECK(order == std::vector{0, 1, 2, 3});
  });
}

TEST_CASE("work that throws does so in its own fiber, and the others of its group are done") {
  test::on_each_loop([](engine::EventLoop&) {
    GroupedFileWork grouped;
    int done = 0;
    TaskGroup fibers;
    for (int i = 0; i < 4; ++i) {
      REQUIRE(fibers.spawn("worker", [&, i] {
        const auto run = [&] {
          return grouped.run([&, i] {
            if (i == 2) throw std::runtime_error("no");
            ++done;
          });
        };
        if (i == 2) CHECK_THROWS_WITH_AS(static_cast<void>(run()), "no", std::runtime_error);
        if (i != 2) CHECK(run());
      }));
    }
    CHECK(fibers.join());
    CHECK(done == 3);
  });
}

TEST_CASE("where a group takes long, what has come in that time runs beside it") {
  test::on_each_loop([](engine::EventLoop&) {
    GroupedFileWork grouped;
    std::promise<void> gate;
    int done = 0;
    TaskGroup fibers;
    REQUIRE(fibers.spawn("slow", [&] { CHECK(grouped.run([&] { gate.get_future().wait(); })); }));
    // None may join the group of the slow one.
    yield();
    yield();
    for (int i = 0; i < 8; ++i) {
      REQUIRE(fibers.spawn("other", [&] {
        CHECK(grouped.run([&] {
          if (++done == 8) gate.set_value();
        }));
      }));
    }
    CHECK(fibers.join());
    CHECK(done == 8);
  });
}

TEST_CASE("work that finds no memory for its group fails, and has not run") {
  test::on_each_loop([](engine::EventLoop&) {
    test::with_each_allocation_failing([](std::size_t spared) {
      GroupedFileWork grouped;
      std::promise<void> gate;
      std::optional<test::MemoryShortage> shortage;
      bool has_struck = false;
      std::array<bool, 3> has_run{};
      TaskGroup fibers;
      REQUIRE(fibers.spawn("slow", [&] {
        const auto slow = grouped.run([&] {
          gate.get_future().wait();
          shortage.emplace(spared, test::MemoryShortage::Extent::one);
        });
        if (!slow) FAIL_CHECK("slow");
      }));
      for (bool& own : has_run) {
        REQUIRE(fibers.spawn("other", [&] {
          const auto done = grouped.run([&] { own = true; });
          has_struck = has_struck || (shortage && shortage->has_struck());
          shortage.reset();
          CHECK(done.has_value() == own);
          if (!own) CHECK(test::kind_of(done) == "resource_exhausted");
        }));
      }
      REQUIRE(fibers.spawn("last", [&] { gate.set_value(); }));
      CHECK(fibers.join());
      return has_struck;
    });
  });
}

TEST_CASE("work that finds no memory for its wait has ended when it returns") {
  test::on_each_loop([](engine::EventLoop&) {
    test::with_each_allocation_failing([](std::size_t spared) {
      GroupedFileWork grouped;
      std::promise<void> gate;
      bool has_struck = false;
      TaskGroup fibers;
      // The lack may also strike this one.
      REQUIRE(
          fibers.spawn("slow", [&] { discard(grouped.run([&] { gate.get_future().wait(); })); }));
      REQUIRE(fibers.spawn("short of memory", [&] {
        bool has_run = false;
        Result<void> done = fail(Error());
        {
          const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
          try {
            done = grouped.run([&] { has_run = true; });
          } catch (const std::bad_alloc&) {
            // It was not taken in.
          }
          has_struck = shortage.has_struck();
        }
        CHECK(done.has_value() == has_run);
      }));
      REQUIRE(fibers.spawn("last", [&] { gate.set_value(); }));
      CHECK(fibers.join());
      return has_struck;
    });
  });
}

TEST_CASE("a fiber that is cancelled does its work all the same") {
  test::on_each_engine([] {
    GroupedFileWork grouped;
    bool has_run = false;
    TaskGroup fibers;
    REQUIRE(fibers.spawn("cancelled", [&] { CHECK(grouped.run([&] { has_run = true; })); }));
    fibers.cancel();
    CHECK(fibers.join());
    CHECK(has_run);
  });
}

}  // namespace
}  // namespace hotline::services::grouped_file_work_test
