#include "core/check.h"

#include <csignal>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::check_test {

TEST_CASE("a contract that is kept has no effect") {
  const auto report = test::in_child_process([] { check_use(true, "never printed"); });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text.empty());
}

TEST_CASE("a contract that is broken aborts the program with the sentence") {
  const auto report = test::in_child_process([] {
    std::signal(SIGABRT, SIG_DFL);
    check_use(false, "this was done wrong: do that");
  });
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text == "hotline: this was done wrong: do that\n");
}

}  // namespace hotline::check_test
