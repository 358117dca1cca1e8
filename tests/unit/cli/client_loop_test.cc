#include "cli/client_loop.h"

#include <chrono>
#include <stdexcept>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/loop.h"

namespace hotline::cli::client_loop_test {
namespace {

TEST_CASE("work runs on a loop, and its status is returned") {
  bool has_loop = false;
  const auto status = run_on_client_loop(
      [&] {
        has_loop = Loop::current().has_value();
        discard(sleep_for(std::chrono::milliseconds(1)));
        return ExitStatus::timed_out;
      },
      OutputForm::text);
  CHECK(status == ExitStatus::timed_out);
  CHECK(has_loop);
  CHECK_FALSE(Loop::current());
}

TEST_CASE("an exception that leaves the work reaches the caller") {
  CHECK_THROWS_AS(
      run_on_client_loop([]() -> ExitStatus { throw std::runtime_error("x"); }, OutputForm::text),
      std::runtime_error);
}

}  // namespace
}  // namespace hotline::cli::client_loop_test
