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
  CHECK(options.from.text() == "x");
  CHECK(options.to.text() == "y");
  CHECK(options.replaces);
  CHECK(refusal({"mv", "tcp://a:1", "x"}).message() == "missing FROM or TO");
}

TEST_CASE("mv into a directory, which is written with a slash at its end or is the home") {
  CHECK(understood({"mv", "tcp://a:1", "d/x", "e/"}).to.text() == "e/x");
  for (const char* home : {"/", ".", "./"}) {
    CHECK(understood({"mv", "tcp://a:1", "d/x/", home}).to.text() == "x");
  }
  CHECK(refusal({"mv", "tcp://a:1", "/", "x"}).message() == "the home itself cannot be moved");
  CHECK(refusal({"mv", "tcp://a:1", "../x", "y"}).message().contains("is not a path"));
  CHECK(refusal({"mv", "tcp://a:1", "x", "y/.."}).message().contains("is not a path"));
}

}  // namespace hotline::cli::command_mv_test
