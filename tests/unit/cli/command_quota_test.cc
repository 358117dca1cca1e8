#include "cli/command_quota.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_quota_test {
namespace {

using test::Words;

QuotaOptions understood(const Words& words) { return test::understood<read_quota>(words); }
Error refusal(const Words& words) { return test::refusal<read_quota>(words); }

}  // namespace

TEST_CASE("quota takes an endpoint") {
  const QuotaOptions options = understood({"quota", "--retry-for", "5s", "tcp://a:1"});
  CHECK(options.common.endpoint == "tcp://a:1");
  CHECK(options.common.retry_for == std::chrono::seconds(5));
  CHECK(refusal({"quota"}).message() == "missing ENDPOINT");
}

}  // namespace hotline::cli::command_quota_test
