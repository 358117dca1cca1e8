#include "cli/command_get.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_get_test {
namespace {

using test::Words;

GetOptions understood(const Words& words) { return test::understood<read_get>(words); }
Error refusal(const Words& words) { return test::refusal<read_get>(words); }

}  // namespace

TEST_CASE("get takes an endpoint, paths and where they go") {
  const GetOptions options = understood({"get", "-rf", "tcp://a:1", "x", "d", "--to", "here/"});
  CHECK(options.paths == std::vector<std::string>{"x", "d"});
  CHECK(options.to == "here/");
  CHECK(options.is_recursive);
  CHECK(options.replaces);
  CHECK_FALSE(options.is_dry);
  CHECK(understood({"get", "tcp://a:1", "x"}).to == ".");
  CHECK(refusal({"get", "tcp://a:1"}).message() == "missing PATH");
  CHECK(refusal({"get", "--to=", "tcp://a:1", "x"}).message() == "--to: it is empty");
  CHECK(refusal({"get", "--json", "--to", "-", "tcp://a:1", "x"}).message() ==
        "--json and --to - exclude each other");
  CHECK(refusal({"get", "tcp://a:1", "x", "../y"}).message().contains("is not a path"));
}

}  // namespace hotline::cli::command_get_test
