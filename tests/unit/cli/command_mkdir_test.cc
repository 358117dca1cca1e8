#include "cli/command_mkdir.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_mkdir_test {
namespace {

using test::Words;

MkdirOptions understood(const Words& words) { return test::understood<read_mkdir>(words); }
Error refusal(const Words& words) { return test::refusal<read_mkdir>(words); }

}  // namespace

TEST_CASE("mkdir takes an endpoint and paths") {
  const MkdirOptions options = understood({"mkdir", "-p", "tcp://a:1", "x", "y/z"});
  REQUIRE(options.paths.size() == 2);
  CHECK(options.paths.back().text() == "y/z");
  CHECK(options.makes_parents);
  CHECK(refusal({"mkdir", "tcp://a:1"}).message() == "missing PATH");
  CHECK(refusal({"mkdir"}).message() == "missing ENDPOINT");
  CHECK(refusal({"mkdir", "tcp://a:1", "x", "../y"}).message().contains("is not a path"));
  CHECK(refusal({"mkdir", "-p", "tcp://a:1", "/"}).message().contains("is the home"));
}

}  // namespace hotline::cli::command_mkdir_test
