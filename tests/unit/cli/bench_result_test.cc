#include "cli/bench_result.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::cli::bench_result_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kBegin{1h};

BenchPlan plan_of(const BenchOptions& options) { return BenchPlan::make(options, {}).value(); }

BenchResult result_of(const BenchOptions& options, BenchTally tally, Duration end) {
  return BenchResult::of(plan_of(options), BenchTimes::of(options, kBegin), std::move(tally),
                         kBegin + end);
}

Error error_of(ErrorKind kind) { return make_error(kind, "call", "tcp://a:1", "for a test"); }

BenchTally tally_with(ErrorKind kind, BenchFault fault) {
  BenchTally tally;
  tally.add(fault, error_of(kind));
  return tally;
}

}  // namespace

TEST_CASE("a load that came to its end is measured until there, whenever the last reply came") {
  const BenchOptions options{.endpoint = "tcp://a:1", .duration = 10s, .warm_up = 1s};
  BenchTally tally;
  tally.in_time = 500;
  const BenchResult result = result_of(options, std::move(tally), 12s);
  CHECK(result.elapsed == 10s);
  CHECK(result.rate() == doctest::Approx(50));
}

TEST_CASE("a load of a number of messages is measured until the last reply, if all came") {
  const BenchOptions options{.endpoint = "tcp://a:1", .messages = 4};
  BenchTally tally;
  tally.latencies.record(1000, 3);
  tally.last_reply = kBegin + 2s;
  CHECK(result_of(options, tally, 3s).elapsed == 3s);
  tally.latencies.record(1000);
  CHECK(result_of(options, tally, 3s).elapsed == 2s);
  CHECK(result_of(options, {}, 3s).elapsed == 3s);
  CHECK(result_of(options, {}, 3s).rate() == 0);
}

TEST_CASE("a load that ended early is measured until then") {
  const BenchOptions options{.endpoint = "tcp://a:1", .duration = 10s, .warm_up = 1s};
  CHECK(result_of(options, {}, 4s).elapsed == 3s);
  CHECK(result_of(options, {}, 500ms).elapsed == 0s);
}

TEST_CASE("a load that ended before its first message took no time") {
  const BenchOptions options{.endpoint = "tcp://a:1", .duration = 10s};
  CHECK(BenchResult::of(plan_of(options), std::nullopt, {}, kBegin).elapsed == 0s);
}

TEST_CASE("latencies that are bounds are in the percentiles, and counted") {
  const BenchOptions options{.endpoint = "tcp://a:1", .rate = 10, .duration = 2s};
  BenchTally tally;
  tally.latencies.record(1000, 10);
  tally.bounds.record(2'000'000'000, 10);
  const BenchResult result = result_of(options, std::move(tally), 2s);
  CHECK(result.with_bounds().percentile(0.9) >= 2'000'000'000);
  CHECK(bench_text_of(result, plan_of(options)).find("10 latencies are those of") !=
        std::string::npos);
  CHECK(bench_json_of(result, plan_of(options)).text().find(R"("latency_bounds":10,)") !=
        std::string::npos);
}

TEST_CASE("people get the rate, the percentiles and the errors") {
  const BenchOptions options{
      .endpoint = "tcp://a:1", .connections = 2, .rate = 1000, .duration = 2s};
  BenchTally tally;
  tally.latencies.record(40'000, 2'000);
  tally.connects.record(1'000'000, 2);
  tally.in_time = 2'000;
  tally.bytes_sent = tally.bytes_received = 2'000 * 64;
  tally.missed = 1;
  tally.add(BenchFault::reset, error_of(ErrorKind::reset), 2);
  BenchResult result = result_of(options, std::move(tally), 2s);
  result.is_interrupted = true;
  const std::string text = bench_text_of(result, plan_of(options));
  CAPTURE(text);
  for (const char* part :
       {"tcp://a:1", "2 connections, open loop at 1,000/s, depth 64, messages of 64 bytes",
        "2,000 in 2.000 s", "1,000/s; 62 KiB/s sent, 62 KiB/s received",
        "mean p50 p90 p99 p99.9 max",
        "latency 40.00 us 40.00 us 40.00 us 40.00 us 40.00 us 40.00 us", "connecting 1.000 ms",
        "1 message that was due: ", "2 connections reset", "interrupted"}) {
    CAPTURE(part);
    // Lines are filled.
    std::string flat;
    for (const char c : text) {
      if (c == '\n' || (c == ' ' && flat.ends_with(' ')))
        flat += flat.ends_with(' ') ? "" : " ";
      else
        flat += c;
    }
    CHECK(flat.find(part) != std::string::npos);
  }
}

TEST_CASE("programs get the same as one object") {
  const BenchOptions options{.endpoint = "tcp://a:1", .messages = 3, .per_connection = 1};
  BenchTally tally;
  tally.latencies.record(1000, 3);
  tally.in_time = 3;
  tally.last_reply = kBegin + 1s;
  tally.add(BenchFault::wrong, error_of(ErrorKind::protocol_violation));
  const std::string text =
      bench_json_of(result_of(options, std::move(tally), 1s), plan_of(options)).text();
  CAPTURE(text);
  CHECK(text.starts_with(R"({"v":1,"endpoint":"tcp://a:1","loop":"closed","connections":1,)"));
  CHECK(text.find(R"("replies":3,"elapsed_ns":1000000000,"rate":3,)") != std::string::npos);
  CHECK(text.find(R"("latency_ns":{"p50":1000,"p90":1000,"p99":1000,"p99.9":1000,"max":1000,)") !=
        std::string::npos);
  CHECK(text.find(R"("errors":{"total":1,"wrong":1,"surplus":0,)") != std::string::npos);
  CHECK(text.find(R"("per_connection":1)") != std::string::npos);
  CHECK(text.ends_with(R"("interrupted":false})"));
}

TEST_CASE("the error sums up all faults and names the first") {
  const BenchOptions options{.endpoint = "tcp://a:1"};
  CHECK(judge_bench(result_of(options, {}, 1s), plan_of(options)));
  BenchTally tally = tally_with(ErrorKind::closed, BenchFault::closed);
  tally.add(BenchFault::unanswered, error_of(ErrorKind::closed), 3);
  const auto judged = judge_bench(result_of(options, std::move(tally), 1s), plan_of(options));
  REQUIRE_FALSE(judged);
  CHECK(judged.error().message() ==
        "3 messages without a reply, 1 connection closed by the peer; the first: cannot call "
        "tcp://a:1: for a test");
}

TEST_CASE("where nothing was answered, the hint says why that may be") {
  BenchTally tally;
  tally.connects.record(1);
  tally.add(BenchFault::closed, make_error(ErrorKind::closed, "receive from", "tcp://a:1", ""));
  const auto hint = [&](const BenchOptions& options) {
    return judge_bench(result_of(options, tally, 1s), plan_of(options)).error().hint();
  };
  CHECK(hint({.endpoint = "tcp://a:1"}).find("another framing") != std::string::npos);
  CHECK(hint({.endpoint = "unix:@a"}).find("may not allow this caller") != std::string::npos);
  tally.latencies.record(1);
  CHECK(hint({.endpoint = "tcp://a:1"}).find("another framing") == std::string::npos);
}

TEST_CASE("the status is about the first fault if nothing was answered, and 1 otherwise") {
  const BenchOptions options{.endpoint = "tcp://a:1"};
  const auto status = [&](BenchTally tally) {
    return status_of_bench(result_of(options, std::move(tally), 1s));
  };
  CHECK(status({}) == ExitStatus::ok);
  CHECK(status(tally_with(ErrorKind::refused, BenchFault::refused)) == ExitStatus::unreachable);
  CHECK(status(tally_with(ErrorKind::timed_out, BenchFault::not_connected)) ==
        ExitStatus::timed_out);
  BenchTally stalled = tally_with(ErrorKind::timed_out, BenchFault::stalled);
  stalled.connects.record(1);
  CHECK(status(stalled) == ExitStatus::timed_out);
  BenchTally reset = tally_with(ErrorKind::reset, BenchFault::reset);
  reset.connects.record(1);
  CHECK(status(reset) == ExitStatus::failed);
  BenchTally late = stalled;
  late.latencies.record(1);
  CHECK(status(late) == ExitStatus::failed);
}

}  // namespace hotline::cli::bench_result_test
