#include "cli/command_ls.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_ls_test {
namespace {

using test::Words;

LsOptions understood(const Words& words) { return test::understood<read_ls>(words); }
Error refusal(const Words& words) { return test::refusal<read_ls>(words); }

}  // namespace

TEST_CASE("ls takes an endpoint, and a path or a pattern") {
  CHECK(understood({"ls", "tcp://a:1"}).path.empty());
  const LsOptions options = understood({"ls", "-lr", "tcp://a:1", "docs/*"});
  CHECK(options.path == "docs/*");
  CHECK(options.is_long);
  CHECK(options.is_recursive);
  CHECK(options.common.endpoint == "tcp://a:1");
  CHECK(refusal({"ls"}).message() == "missing ENDPOINT");
}

}  // namespace hotline::cli::command_ls_test
