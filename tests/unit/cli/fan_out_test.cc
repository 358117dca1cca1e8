#include "cli/fan_out.h"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::cli::fan_out_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;

TEST_CASE("every number is run once, in order, and never more at once than allowed") {
  test::on_each_engine([] {
    std::vector<std::size_t> begun;
    std::size_t running = 0;
    std::size_t most = 0;
    REQUIRE(fan_out(10, 3, [&](std::size_t index) {
      begun.push_back(index);
      most = std::max(most, ++running);
      REQUIRE(sleep_for(1ms));
      --running;
    }));
    CHECK(begun == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(most == 3);
  });
}

TEST_CASE("there are no more fibers than work") {
  test::on_each_engine([] {
    std::size_t count = 0;
    REQUIRE(fan_out(2, 100, [&](std::size_t) { ++count; }));
    CHECK(count == 2);
    REQUIRE(fan_out(0, 100, [&](std::size_t) { ++count; }));
    CHECK(count == 2);
  });
}

}  // namespace
}  // namespace hotline::cli::fan_out_test
