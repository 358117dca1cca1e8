#include "cli/command_rm.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_rm_test {
namespace {

using test::Words;

RmOptions understood(const Words& words) { return test::understood<read_rm>(words); }
Error refusal(const Words& words) { return test::refusal<read_rm>(words); }

}  // namespace

TEST_CASE("rm takes an endpoint and paths") {
  const RmOptions options = understood({"rm", "-rn", "tcp://a:1", "x", "*.log"});
  CHECK(options.paths == std::vector<std::string>{"x", "*.log"});
  CHECK(options.is_recursive);
  CHECK(options.is_dry);
  CHECK(refusal({"rm", "tcp://a:1"}).message() == "missing PATH");
}

TEST_CASE("a path that is to be taken literally is not a pattern") {
  using Paths = std::vector<std::string>;
  CHECK(understood({"rm", "tcp://a:1", "a*", "b"}).paths == Paths{"a*", "b"});
  CHECK(understood({"rm", "--literal", "tcp://a:1", "a*", "b"}).paths == Paths{"a\\*", "b"});
}

}  // namespace hotline::cli::command_rm_test
