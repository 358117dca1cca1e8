#include "cli/bench_loop.h"

#include <chrono>
#include <deque>
#include <utility>

#include "cli/bench_datagrams.h"
#include "cli/bench_stream.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/semaphore.h"

namespace hotline::cli {
namespace {

/// So many connections are made at once: callers that find a full backlog wait for a second.
constexpr std::size_t kConnectingMax = 128;

constexpr std::chrono::seconds kSecond{1};

}  // namespace

Result<void> BenchLoop::run() {
  return plan_.stream ? run_all<BenchStream>() : run_all<BenchDatagrams>();
}

template <typename Connection>
Result<void> BenchLoop::run_all() {
  Semaphore connecting(kConnectingMax);
  std::deque<Connection> connections;
  std::size_t running = 0;
  TaskGroup fibers({.on_throw = OnThrow::cancels_others});
  Result<void> started = fibers.spawn("bench cancel", [&] {
    if (cancelled_.wait()) fibers.cancel();
  });
  if (started && progress_ != nullptr) {
    started = fibers.spawn("bench seconds", [this] { show_seconds(); });
  }
  for (std::size_t i = index_; i < plan_.options.connections; i += plan_.options.threads) {
    Connection& connection = connections.emplace_back(plan_, i, tally_);
    ++running;
    if (started) {
      started = fibers.spawn("bench", [&] {
        connection.run(gate_, connecting);
        if (--running == 0) fibers.cancel();
      });
    }
    if (!started) gate_.skip();
  }
  if (!started) fibers.cancel();
  const auto joined = fibers.join();
  const Instant end = now();
  for (const Connection& each : connections) each.count_missed(end);
  return started ? joined : started;
}

/// Until its fiber is cancelled.
void BenchLoop::show_seconds() {
  const auto times = gate_.watch();
  if (!times) return;
  BenchTally before;
  for (Instant next = times->begin + kSecond; sleep_until(Deadline::at(next)); next += kSecond) {
    progress_->add({.latencies = tally_.latencies.since(before.latencies),
                    .bytes = tally_.bytes_received - before.bytes_received,
                    .faults = tally_.faults_total() - before.faults_total()});
    before = tally_;
  }
}

}  // namespace hotline::cli
