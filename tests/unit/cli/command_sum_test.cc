#include "cli/command_sum.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_sum_test {
namespace {

using test::Words;

SumOptions understood(const Words& words) { return test::understood<read_sum>(words); }
Error refusal(const Words& words) { return test::refusal<read_sum>(words); }

}  // namespace

TEST_CASE("sum takes an endpoint, paths and a digest") {
  CHECK(understood({"sum", "tcp://a:1", "x"}).digest == FileDigestKind::sha256);
  CHECK(understood({"sum", "--digest", "md5", "tcp://a:1", "x"}).digest == FileDigestKind::md5);
  CHECK(refusal({"sum", "--digest=md4", "tcp://a:1", "x"}).message() ==
        "--digest: 'md4' is not a digest");
  CHECK(refusal({"sum", "tcp://a:1"}).message() == "missing PATH");
}

}  // namespace hotline::cli::command_sum_test
