#pragma once

#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "engine/end_code.h"
#include "engine/worker.h"
#include "hotline/engine/engine_choice.h"
#include "hotline/sim/fault_proxy.h"

namespace hotline::test {

/// A fault proxy that runs on a thread of its own until it is stopped or destroyed.
class RunningProxy {
 public:
  RunningProxy(const std::string& listen, const std::string& target,
               const sim::FaultProxyOptions& options = {},
               EngineKind engine = EngineKind::automatic,
               engine::WorkerKind kind = engine::WorkerKind::loop)
      : proxy_(sim::FaultProxy::bind(listen, target, options)) {
    INFO(listen, " for ", target, ": ", proxy_ ? "" : proxy_.error().message());
    REQUIRE(proxy_);
    engine::WorkerTask task{.kind = kind, .name = "proxy", .loop = {}, .body = {}, .on_end = {}};
    task.loop.engine = engine;
    task.body = [this] { ended_ = proxy_->run(); };
    task.on_end = [] {};
    auto worker = engine::start_thread_worker(std::move(task));
    REQUIRE(worker);
    worker_ = std::move(*worker);
  }
  RunningProxy(const RunningProxy&) = delete;
  RunningProxy& operator=(const RunningProxy&) = delete;
  ~RunningProxy() { end(engine::kCancelEnd); }

  const Endpoint& endpoint() const { return proxy_->endpoint(); }
  std::string uri() const { return endpoint().to_uri(); }

  /// Cancels and waits. Returns the faults that occurred.
  FaultCounts stop() { return end(engine::kCancelEnd); }

  /// Drains and waits. Returns the faults that occurred.
  FaultCounts drain() { return end(engine::kDrainEnd); }

  /// Returns how run() ended.
  const Result<void>& ended() const { return ended_; }

 private:
  FaultCounts end(int code) {
    if (worker_) worker_->interrupt(code);
    worker_.reset();
    return proxy_->counts();
  }

  Result<sim::FaultProxy> proxy_;
  Result<void> ended_;
  std::unique_ptr<engine::Worker> worker_;
};

}  // namespace hotline::test
