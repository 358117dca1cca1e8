#include "cli/command_mv.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_mv_test {
namespace {

using test::Words;

MvOptions understood(const Words& words) { return test::understood<read_mv>(words); }
Error refusal(const Words& words) { return test::refusal<read_mv>(words); }

}  // namespace

TEST_CASE("mv takes an endpoint and two paths") {
  const MvOptions options = understood({"mv", "-f", "tcp://a:1", "x", "y"});
  CHECK(options.from == "x");
  CHECK(options.to == "y");
  CHECK(options.replaces);
  CHECK(refusal({"mv", "tcp://a:1", "x"}).message() == "missing FROM or TO");
}

}  // namespace hotline::cli::command_mv_test
