#include "cli/bench_tally.h"

#include <algorithm>
#include <numeric>

#include "hotline/core/rows.h"

namespace hotline::cli {
namespace {

constexpr BenchFaultName kFaultNames[] = {
    {BenchFault::wrong, "wrong", "wrong reply", "wrong replies"},
    {BenchFault::surplus, "surplus", "surplus reply", "surplus replies"},
    {BenchFault::unanswered, "unanswered", "message without a reply", "messages without a reply"},
    {BenchFault::refused, "refused", "connection refused", "connections refused"},
    {BenchFault::not_connected, "not_connected", "connection not made", "connections not made"},
    {BenchFault::closed, "closed", "connection closed by the peer",
     "connections closed by the peer"},
    {BenchFault::reset, "reset", "connection reset", "connections reset"},
    {BenchFault::truncated, "truncated", "connection closed within a reply",
     "connections closed within a reply"},
    {BenchFault::stalled, "stalled", "connection stalled", "connections stalled"},
    {BenchFault::malformed, "malformed", "connection with malformed bytes",
     "connections with malformed bytes"},
    {BenchFault::failed, "failed", "connection failed", "connections failed"},
};
static_assert(is_in_order(kFaultNames, &BenchFaultName::fault));

}  // namespace

std::array<BenchFaultName, 11> bench_fault_names() { return std::to_array(kFaultNames); }

BenchFault fault_of_connect(const Error& error) {
  return error.kind == ErrorKind::refused ? BenchFault::refused : BenchFault::not_connected;
}

BenchFault fault_of_end(const Error& error) {
  switch (error.kind) {
    case ErrorKind::closed: return BenchFault::closed;
    case ErrorKind::reset: return BenchFault::reset;
    case ErrorKind::truncated: return BenchFault::truncated;
    case ErrorKind::refused: return BenchFault::refused;
    case ErrorKind::timed_out:
    case ErrorKind::unresponsive: return BenchFault::stalled;
    case ErrorKind::protocol_violation:
    case ErrorKind::too_large: return BenchFault::malformed;
    default: return BenchFault::failed;
  }
}

void BenchTally::add(BenchFault fault, const Error& error, std::uint64_t count) {
  faults[static_cast<std::size_t>(fault)] += count;
  if (!first_fault) first_fault = error;
}

void BenchTally::add_reply(const BenchTimes& times, Instant due, Instant at, std::size_t sent,
                           std::size_t received) {
  if (due < times.measured_from) return;
  latencies.record((at - due).count());
  last_reply = std::max(last_reply, at);
  if (times.end.has_passed(at)) return;
  ++in_time;
  bytes_sent += sent;
  bytes_received += received;
}

void BenchTally::add(const BenchTally& other) {
  latencies.add(other.latencies);
  bounds.add(other.bounds);
  connects.add(other.connects);
  in_time += other.in_time;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  missed += other.missed;
  last_reply = std::max(last_reply, other.last_reply);
  for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += other.faults[i];
  if (!first_fault) first_fault = other.first_fault;
}

std::uint64_t BenchTally::faults_total() const {
  return std::accumulate(faults.begin(), faults.end(), std::uint64_t{0});
}

}  // namespace hotline::cli
