#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "cli/bench_schedule.h"
#include "hotline/core/result.h"
#include "hotline/engine/semaphore.h"

namespace hotline::cli {

/// Where the connections of a load wait for each other before the first message. Any thread.
class BenchGate {
 public:
  /// `watchers` is how many times watch() is called at most.
  explicit BenchGate(std::size_t connections, std::size_t watchers = 0)
      : connections_(connections), watchers_(watchers) {}

  /// Waits until the gate opens. Returns the times of the load. Fails with `cancelled`. Each
  /// connection passes once; one that never will is reported by skip().
  Result<BenchTimes> pass() {
    arrived_.release();
    return watch();
  }

  /// The same for a fiber that is not a connection.
  Result<BenchTimes> watch() {
    if (auto waited = opened_.acquire(); !waited) return fail(std::move(waited.error()));
    return times_;
  }

  void skip() { arrived_.release(); }

  /// Makes wait_for_all() fail, because some connections will never be at the gate.
  void close() {
    is_closed_ = true;
    arrived_.release();
  }

  /// Waits until every connection is at the gate. Fails with `cancelled`, also if the gate is
  /// closed.
  Result<void> wait_for_all() {
    for (std::size_t i = 0; i < connections_; ++i) {
      if (auto waited = arrived_.acquire(); !waited) return waited;
      if (is_closed_) return fail(make_error(ErrorKind::cancelled, "begin the load", {}, ""));
    }
    return {};
  }

  /// Lets all connections pass. Call it once.
  void open(const BenchTimes& times) {
    times_ = times;
    for (std::size_t i = 0; i < connections_ + watchers_; ++i) opened_.release();
  }

 private:
  std::size_t connections_;
  std::size_t watchers_;
  std::atomic<bool> is_closed_ = false;
  Semaphore arrived_{0};
  Semaphore opened_{0};
  BenchTimes times_{};
};

}  // namespace hotline::cli
