#include "engine/running_threads.h"

#include <latch>
#include <thread>

#include <doctest/doctest.h>

#include "support/launched.h"
#include "support/loops.h"

namespace hotline::running_threads_test {

TEST_CASE("another thread is seen while it runs") {
  const auto report = test::in_child_process([] {
    test::must(!engine::has_other_threads(), "there is none");
    std::latch may_end(1);
    std::thread other([&] { may_end.wait(); });
    test::must(engine::has_other_threads(), "there is one");
    may_end.count_down();
    other.join();
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

}  // namespace hotline::running_threads_test
