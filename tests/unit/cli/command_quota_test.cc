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
  CHECK(options.path.is_home());
  CHECK(understood({"quota", "tcp://a:1", "./team/"}).path.text() == "team");
  CHECK(refusal({"quota"}).message() == "missing ENDPOINT");
  CHECK(refusal({"quota", "tcp://a:1", ".."}).message().contains("is not a path"));
}

}  // namespace hotline::cli::command_quota_test
