#include "cli/shared_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"
#include "support/standard_streams.h"

namespace hotline::cli::shared_output_test {
namespace {

using Progress = SharedOutput::Progress;

}  // namespace

TEST_CASE("lines go to their own standard stream") {
  CHECK(test::written_to(stdout, [] {
          SharedOutput output(Progress::none);
          CHECK(output.write(StandardStream::output, "one\n"));
          CHECK(output.write(StandardStream::output, ""));
          CHECK(output.write(StandardStream::output, "two\n"));
        }) == "one\ntwo\n");
  CHECK(test::written_to(stderr, [] {
          SharedOutput output(Progress::none);
          CHECK(output.write(StandardStream::error, "one\n"));
        }) == "one\n");
}

TEST_CASE("progress is drawn below the lines, and removed at the end") {
  CHECK(test::written_to(stderr, [] {
          SharedOutput output(Progress::shown);
          output.draw("1 of 2");
          output.write(StandardStream::error, "line\n");
          output.draw("2 of 2");
          output.erase();
          output.erase();
        }) == "\r\x1b[K1 of 2\r\x1b[Kline\n1 of 2\r\x1b[K2 of 2\r\x1b[K");
}

TEST_CASE("progress does not touch an output that is not a terminal") {
  CHECK(test::written_to(stdout, [] {
          SharedOutput output(Progress::shown);
          test::written_to(stderr, [&] {
            output.draw("1 of 2");
            output.write(StandardStream::output, "line\n");
            output.erase();
          });
        }) == "line\n");
}

TEST_CASE("progress is cut at the width of a terminal") {
  CHECK(test::written_to(stderr, [] {
          SharedOutput output(Progress::shown);
          output.draw(std::string(200, 'x'));
        }) == "\r\x1b[K" + std::string(79, 'x'));
}

TEST_CASE("without a terminal, and in JSON, no progress is wanted or drawn") {
  CHECK(test::written_to(stderr, [] {
          CHECK(SharedOutput::wanted_progress(OutputForm::text) == Progress::none);
          CHECK(SharedOutput::wanted_progress(OutputForm::json) == Progress::none);
          SharedOutput output(Progress::none);
          output.draw("1 of 2");
          output.erase();
        }).empty());
}

TEST_CASE("after a write that failed nothing more is written") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const test::Redirection redirected(STDOUT_FILENO, full.get());
  SharedOutput output(Progress::none);
  CHECK_FALSE(output.write(StandardStream::output, "x\n"));
  CHECK(output.failure() == ENOSPC);
  CHECK(test::written_to(stderr, [&] {
          CHECK_FALSE(output.write(StandardStream::error, "x\n"));
        }).empty());
}

}  // namespace hotline::cli::shared_output_test
