#include "cli/bench_tally.h"

#include <set>

#include <doctest/doctest.h>

namespace hotline::cli::bench_tally_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kBegin{1h};

Error error_of(ErrorKind kind) { return make_error(kind, "call", "tcp://a:1", "for a test"); }

}  // namespace

TEST_CASE("a reply counts from when its message was due, and after the warm-up only") {
  const BenchTimes times = BenchTimes::of({.duration = 10s, .warm_up = 1s}, kBegin);
  BenchTally tally;
  tally.add_reply(times, kBegin + 999ms, kBegin + 2s, 5, 7);
  CHECK(tally.latencies.total() == 0);
  tally.add_reply(times, kBegin + 1s, kBegin + 3s, 5, 7);
  CHECK(tally.latencies.max() == 2'000'000'000);
  CHECK(tally.in_time == 1);
  CHECK(tally.bytes_sent == 5);
  CHECK(tally.bytes_received == 7);
  CHECK(tally.last_reply == kBegin + 3s);
}

TEST_CASE("a reply after the end has a latency, and does not count for the rate") {
  const BenchTimes times = BenchTimes::of({.duration = 10s}, kBegin);
  BenchTally tally;
  tally.add_reply(times, kBegin + 9s, kBegin + 10s, 5, 7);
  CHECK(tally.latencies.total() == 1);
  CHECK(tally.in_time == 0);
  CHECK(tally.bytes_received == 0);
}

TEST_CASE("faults are counted by kind, and the first is kept in words") {
  BenchTally tally;
  tally.add(BenchFault::reset, error_of(ErrorKind::reset));
  tally.add(BenchFault::unanswered, error_of(ErrorKind::closed), 3);
  CHECK(tally.count_of(BenchFault::unanswered) == 3);
  CHECK(tally.faults_total() == 4);
  CHECK(tally.first_fault->kind == ErrorKind::reset);
}

TEST_CASE("tallies add up") {
  BenchTally one;
  one.missed = 1;
  one.connects.record(5);
  BenchTally other;
  other.missed = 2;
  other.in_time = 4;
  other.last_reply = kBegin;
  other.add(BenchFault::wrong, error_of(ErrorKind::protocol_violation));
  one.add(other);
  CHECK(one.missed == 3);
  CHECK(one.in_time == 4);
  CHECK(one.last_reply == kBegin);
  CHECK(one.connects.total() == 1);
  CHECK(one.count_of(BenchFault::wrong) == 1);
  CHECK(one.first_fault);
}

TEST_CASE("the error of a connection is one of the faults") {
  CHECK(fault_of_connect(error_of(ErrorKind::refused)) == BenchFault::refused);
  CHECK(fault_of_connect(error_of(ErrorKind::timed_out)) == BenchFault::not_connected);
  CHECK(fault_of_connect(error_of(ErrorKind::not_found)) == BenchFault::not_connected);
  CHECK(fault_of_end(error_of(ErrorKind::closed)) == BenchFault::closed);
  CHECK(fault_of_end(error_of(ErrorKind::truncated)) == BenchFault::truncated);
  CHECK(fault_of_end(error_of(ErrorKind::timed_out)) == BenchFault::stalled);
  CHECK(fault_of_end(error_of(ErrorKind::too_large)) == BenchFault::malformed);
  CHECK(fault_of_end(error_of(ErrorKind::system)) == BenchFault::failed);
}

TEST_CASE("each fault has a name of its own") {
  std::set<std::string_view> keys;
  for (const BenchFaultName& each : bench_fault_names()) keys.insert(each.key);
  CHECK(keys.size() == bench_fault_names().size());
}

}  // namespace hotline::cli::bench_tally_test
