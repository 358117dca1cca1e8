#include "cli/shown_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"
#include "support/standard_streams.h"

namespace hotline::cli::shown_output_test {
namespace {

constexpr std::string_view kColoured = "\x1b[31mred\x1b[0m\nrest";

}  // namespace

TEST_CASE("whole lines come out with their endpoint, and a file gets them unchanged") {
  CHECK(test::written_to(stdout, [] {
          SharedOutput shared(SharedOutput::Progress::none);
          ShownOutput output("a", StandardStream::output, shared, Controls::escaped,
                             FilteredColours::removed);
          CHECK(output.open());
          CHECK(output.take(as_bytes(kColoured)));
          CHECK(output.finish(OutputEnd::complete));
        }) == "a: \x1b[31mred\x1b[0m\na: rest\n");
}

TEST_CASE("an output that cannot be written to ends the command") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const test::Redirection redirected(STDOUT_FILENO, full.get());
  SharedOutput shared(SharedOutput::Progress::none);
  ShownOutput output("a", StandardStream::output, shared, Controls::raw, FilteredColours::kept);
  CHECK(output.take(as_bytes("no line yet")));
  const auto failed = output.take(as_bytes("\n"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::cancelled);
}

}  // namespace hotline::cli::shown_output_test
