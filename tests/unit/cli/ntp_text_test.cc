#include "cli/ntp_text.h"

#include <chrono>

#include <doctest/doctest.h>

namespace hotline::cli::ntp_text_test {
namespace {

using namespace std::chrono_literals;

NtpReport report() {
  NtpReport made;
  made.best.offset = -1500us;
  made.best.delay = 300us;
  made.best.dispersion = 50us;
  made.best.server.stratum = 2;
  made.best.server.reference_id = 0xc0000201;
  made.best.server.root_delay = 20ms;
  made.best.server.root_dispersion = 1ms;
  made.best.taken_at.wall = std::chrono::system_clock::time_point(1'800'000'000s);
  made.samples = {made.best};
  made.jitter = 12us;
  made.counts.sent = 5;
  made.counts.lost = 1;
  made.counts.foreign = 3;
  return made;
}

}  // namespace

TEST_CASE("a time has four digits and the unit that suits it") {
  CHECK(time_text(0ns) == "0 ns");
  CHECK(time_text(999ns) == "999 ns");
  CHECK(time_text(1000ns) == "1.000 us");
  CHECK(time_text(12'345ns) == "12.35 us");
  CHECK(time_text(123'456us) == "123.5 ms");
  CHECK(time_text(61s) == "61.00 s");
  CHECK(time_text(-2500us) == "-2.500 ms");
}

TEST_CASE("an offset has a sign in any case") {
  CHECK(signed_time_text(12'345ns) == "+12.35 us");
  CHECK(signed_time_text(-2s) == "-2.000 s");
}

TEST_CASE("a report says by how much the clock is wrong, and in which direction") {
  const std::string text = ntp_text_of(report(), "udp://a:123");
  CHECK(text.contains("-1.500 ms: this machine's clock is fast"));
  CHECK(text.contains("at most 200.0 us against the server"));
  CHECK(text.contains("1 used, 5 requests, 1 lost, 3 foreign\n"));
  CHECK(text.contains("192.0.2.1\n"));
  CHECK(text.contains("basic, not authenticated\n"));
  NtpReport slow = report();
  slow.best.offset = 1us;
  CHECK(ntp_text_of(slow, "a").contains("this machine's clock is slow"));
  slow.best.offset = 0us;
  CHECK(ntp_text_of(slow, "a").contains("both clocks agree"));
}

TEST_CASE("a report as JSON has a version, and times in nanoseconds") {
  const std::string text = ntp_json_of(report(), "udp://a:123").text();
  CHECK(text.starts_with(R"({"v":1,"server":"udp://a:123","offset_ns":-1500000,)"
                         R"("error_max_ns":200000,"root_distance_ns":11212000,)"));
  CHECK(text.contains(R"("state":{"stratum":2,"leap":"none","version":0,"precision":0,)"));
  CHECK(text.contains(R"("authentication":"none")"));
  CHECK(text.contains(R"("samples":[{"time":"2027-01-15T08:00:00.000000Z","offset_ns":-1500000,)"));
  CHECK(text.contains(R"("counts":{"sent":5,"samples":0,"lost":1,"foreign":3,)"));
}

TEST_CASE("a measurement that ended early says why") {
  NtpReport made = report();
  CHECK_FALSE(ntp_text_of(made, "a").contains("ended early"));
  CHECK_FALSE(ntp_json_of(made, "a").text().contains("ended_early"));
  made.ended_early = make_error(ErrorKind::timed_out, "ask", "a", "no reply", "is it there?");
  CHECK(
      ntp_text_of(made, "a").ends_with("ended early      cannot ask a: no reply; hint: is it "
                                       "there?\n"));
  CHECK(ntp_json_of(made, "a").text().ends_with(
      R"("ended_early":{"kind":"timed_out","message":"cannot ask a: no reply",)"
      R"("hint":"is it there?"}})"));
}

TEST_CASE("an announced leap second, and a key, are named") {
  NtpReport made = report();
  made.best.is_authenticated = true;
  made.best.server.leap = NtpLeap::insert;
  CHECK(ntp_text_of(made, "a").contains("a second is inserted at the end of the day"));
  CHECK(ntp_text_of(made, "a").contains("basic, authenticated"));
  CHECK(ntp_json_of(made, "a").text().contains(R"("leap":"insert")"));
  made.best.server.leap = NtpLeap::remove;
  CHECK(ntp_text_of(made, "a").contains("a second is left out at the end of the day"));
}

TEST_CASE("a sample is one line") {
  CHECK(ntp_text_of(report().best) ==
        "2027-01-15T08:00:00.000000Z  offset -1.500 ms  delay 300.0 us  error 200.0 us  stratum 2  "
        "basic");
}

}  // namespace hotline::cli::ntp_text_test
