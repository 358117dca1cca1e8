#include "server/running_count.h"

#include <utility>

#include <doctest/doctest.h>

namespace hotline::server::running_count_test {

TEST_CASE("a run counts while it exists, and a moved count goes on") {
  RunningCount first;
  CHECK(first.read() == 0);
  const RunningCount count = std::move(first);
  {
    const RunningCount::Run one(count);
    const RunningCount::Run two(count);
    CHECK(count.read() == 2);
  }
  CHECK(count.read() == 0);
}

}  // namespace hotline::server::running_count_test
