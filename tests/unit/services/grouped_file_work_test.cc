#include "services/grouped_file_work.h"

#include <future>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "support/loops.h"

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
