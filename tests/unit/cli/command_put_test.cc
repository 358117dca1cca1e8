#include "cli/command_put.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_put_test {
namespace {

using test::Words;

PutOptions understood(const Words& words) { return test::understood<read_put>(words); }
Error refusal(const Words& words) { return test::refusal<read_put>(words); }

}  // namespace

TEST_CASE("put takes an endpoint, files and where they go") {
  const PutOptions options = understood({"put", "-n", "tcp://a:1", "x", "d", "--to", "up/"});
  CHECK(options.files == std::vector<std::string>{"x", "d"});
  CHECK(options.to == "up/");
  CHECK(options.is_dry);
  CHECK(refusal({"put", "tcp://a:1"}).message() == "missing FILE");
}

TEST_CASE("standard input needs a name") {
  CHECK(understood({"put", "tcp://a:1", "-", "--to", "x"}).to == "x");
  for (const char* to : {"", "up/"}) {
    CHECK(refusal({"put", "tcp://a:1", "-", "--to", to}).message() ==
          "standard input needs a name at the server");
  }
  CHECK(refusal({"put", "tcp://a:1", "-", "x", "--to", "y"}).message() ==
        "standard input needs a name at the server");
}

TEST_CASE("links are skipped, or followed") {
  CHECK(understood({"put", "tcp://a:1", "x"}).links == LinkUse::skip);
  CHECK(understood({"put", "tcp://a:1", "x", "--links", "skip"}).links == LinkUse::skip);
  CHECK(understood({"put", "tcp://a:1", "x", "--links", "follow"}).links == LinkUse::follow);
  CHECK(refusal({"put", "tcp://a:1", "x", "--links", "copy"}).message() ==
        "--links: 'copy' is neither");
}

}  // namespace hotline::cli::command_put_test
