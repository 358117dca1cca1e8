#include "cli/client_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"
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

TEST_CASE("a write that no process reads fails, and does not end the program") {
  const auto status = run_on_client_loop(
      [] {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const UniqueFd writing(ends[1]);
        ::close(ends[0]);
        return ::write(writing.get(), "x", 1) < 0 && errno == EPIPE ? ExitStatus::ok
                                                                    : ExitStatus::failed;
      },
      OutputForm::text);
  CHECK(status == ExitStatus::ok);
}

TEST_CASE("an exception that leaves the work reaches the caller") {
  CHECK_THROWS_AS(
      run_on_client_loop([]() -> ExitStatus { throw std::runtime_error("x"); }, OutputForm::text),
      std::runtime_error);
}

}  // namespace
}  // namespace hotline::cli::client_loop_test
