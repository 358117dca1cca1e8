#include "hotline/services/ntp_client.h"

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/ntp_call.h"

// A measurement that ends before all samples have come says so.

namespace hotline::ntp_early_end_test {
namespace {

using namespace std::chrono_literals;
using namespace test::ntp_call;

/// A server that answers the first two requests, and then does as `later`.
Script answers_twice(Script later) {
  return [later = std::move(later)](const NtpPacket& request, int number) {
    return number <= 2 ? answer(request, number) : later(request, number);
  };
}

Script kisses(std::uint32_t code) {
  return [code](const NtpPacket& request, int) { return kiss(request, code); };
}

std::vector<std::string> nothing(const NtpPacket&, int) { return {}; }

std::string reason_of(const Result<NtpReport>& report) {
  if (!report) return "failed: " + report.error().message();
  if (!report->ended_early) return "complete";
  return std::to_string(report->samples.size()) + " samples, " +
         std::string(name_of(report->ended_early->kind));
}

TEST_CASE("a measurement with all samples has not ended early") {
  CHECK(reason_of(Call().measure(answer)) == "complete");
}

TEST_CASE("lost replies, a limit of the rate and a refusal end it early, with what there is") {
  CHECK(reason_of(Call().measure(answers_twice(nothing))) == "2 samples, timed_out");
  CHECK(reason_of(Call().measure(answers_twice(kisses(services::kNtpKissRate)))) ==
        "2 samples, resource_exhausted");
  CHECK(reason_of(Call().measure(answers_twice(kisses(services::kNtpKissDeny)))) ==
        "2 samples, permission_denied");
}

TEST_CASE("a server that is not synchronised any more gives no report") {
  CHECK(reason_of(Call().measure(answers_twice(kisses(0)))).ends_with("(stratum 0)"));
}

TEST_CASE("a deadline of the caller ends it early") {
  Call call;
  Result<NtpReport> report;
  call.run(answer, [&](NtpClient& client) {
    const DeadlineScope scope(Deadline::after(now(), 3s));
    report = client.measure();
  });
  CHECK(reason_of(report) == "2 samples, timed_out");
}

TEST_CASE("a cancelled measurement ends early, and at once") {
  Call call;
  Result<NtpReport> report;
  Duration took{};
  call.run(answer, [&](NtpClient& client) {
    TaskGroup group;
    REQUIRE(group.spawn("measure", [&] {
      const Instant begun = now();
      report = client.measure();
      took = now() - begun;
    }));
    discard(sleep_for(3s));
    group.cancel();
    discard(group.join());
  });
  CHECK(reason_of(report) == "2 samples, cancelled");
  CHECK(took < 3100ms);
}

TEST_CASE("without a sample the reason is the error") {
  CHECK(test::kind_of(Call().measure(nothing)) == "timed_out");
}

}  // namespace
}  // namespace hotline::ntp_early_end_test
