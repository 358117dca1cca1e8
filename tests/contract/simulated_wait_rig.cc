#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "contract/beside.h"
#include "contract/row.h"
#include "contract/stage.h"
#include "contract/wait_rig.h"
#include "engine/simulated/simulated_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/offload.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"

namespace contract {
namespace {

using hotline::ErrorKind;
using hotline::UniqueFd;
using hotline::engine::Channel;
using hotline::engine::Engine;
using hotline::engine::SimulatedLoop;

constexpr auto kEndPollInterval = std::chrono::milliseconds(1);

class SimulatedOtherEnd final : public WaitRig::OtherEnd {
 public:
  explicit SimulatedOtherEnd(hotline::Stream stream) : stream_(std::move(stream)) {}
  void send(std::string_view bytes) override {
    REQUIRE(stream_.write_all(hotline::as_bytes(bytes)));
  }

 private:
  hotline::Stream stream_;
};

/// Removes the limits on the running fiber's waits; a cancel stays in force.
class Unbounded {
 public:
  Unbounded() : outer_(scope()) { scope() = {.program = outer_.program}; }
  Unbounded(const Unbounded&) = delete;
  Unbounded& operator=(const Unbounded&) = delete;
  ~Unbounded() {
    outer_.end_code = std::max(outer_.end_code, scope().end_code);
    scope() = outer_;
  }

 private:
  static hotline::engine::Scope& scope() { return Engine::current().scope(); }

  hotline::engine::Scope outer_;
};

/// A simulated process that neither reads nor writes, and ends when `kept` is destroyed.
struct IdleProcess {
  IdleProcess() {
    auto& loop = static_cast<SimulatedLoop&>(Engine::current());
    ends = loop.start_process([weak = std::weak_ptr(kept)](Channel&, Channel&) {
      while (!weak.expired()) static_cast<void>(hotline::sleep_for(kEndPollInterval));
      return hotline::engine::ProcessEnd{0, 0};
    });
  }
  std::shared_ptr<void> kept = std::make_shared<int>();
  SimulatedLoop::StandIn ends;
};

/// What stands for a thread on rows whose calls run on threads.
class Worker {
 public:
  explicit Worker(std::move_only_function<void()> body) {
    auto started = Engine::current().start_worker({.kind = hotline::engine::WorkerKind::blocking,
                                                   .name = "thread",
                                                   .loop = {},
                                                   .body = std::move(body),
                                                   .on_end = [] {}});
    REQUIRE(started);
    worker_ = std::move(*started);
  }
  void cancel() { worker_->interrupt(hotline::engine::kCancelEnd); }

 private:
  std::unique_ptr<hotline::engine::Worker> worker_;
};

void run_in_each_world(const std::function<void()>& body) {
  restart_seeds(1);
  for (std::uint64_t i = 0; i < seed_count(); ++i) {
    const Stage stage;
    Beside(body).join();
  }
}

class SimulatedRig final : public WaitRig {
 public:
  void run(const std::function<void()>& body) override;
  WaitRig::End cancel_after(hotline::Duration delay, const Wait& wait) override;
  hotline::Result<Pair> make_pair() override;
  Pipe make_pipe() override;
  Process start_process() override;
  hotline::Result<void> offload_endless_work() override;
};

void SimulatedRig::run(const std::function<void()>& body) {
  run_in_each_world([&] {
    if (row().is_loops()) return body();
    const Worker worker([&] { body(); });
  });
}

WaitRig::End SimulatedRig::cancel_after(hotline::Duration delay, const Wait& wait) {
  WaitRig::End kind = ErrorKind::cancelled;
  run_in_each_world([&] {
    if (kind != ErrorKind::cancelled) return;
    if (row().is_loops()) {
      kind = cancel_fiber_after(delay, wait);
      return;
    }
    Worker worker([&] { kind = wait(); });
    static_cast<void>(hotline::sleep_for(delay));
    worker.cancel();
  });
  return kind;
}

hotline::Result<WaitRig::Pair> SimulatedRig::make_pair() {
  const Unbounded unbounded;
  auto listener =
      hotline::listen("unix:@pair-" + std::to_string(hotline::now().time_since_epoch().count()));
  REQUIRE(listener);
  auto stream = hotline::connect(listener->endpoint());
  if (!stream) return hotline::fail(stream.error());
  auto other = listener->accept();
  if (!other) return hotline::fail(other.error());
  return Pair{std::move(*stream), std::make_unique<SimulatedOtherEnd>(std::move(*other))};
}

WaitRig::Pipe SimulatedRig::make_pipe() {
  const IdleProcess process;
  const Channel pidfd{UniqueFd(process.ends.pidfd)};
  return {process.kept, std::make_unique<Channel>(UniqueFd(process.ends.output)),
          std::make_unique<Channel>(UniqueFd(process.ends.input))};
}

WaitRig::Process SimulatedRig::start_process() {
  const IdleProcess process;
  const Channel input{UniqueFd(process.ends.input)};
  const Channel output{UniqueFd(process.ends.output)};
  return {process.kept, std::make_unique<Channel>(UniqueFd(process.ends.pidfd))};
}

/// Simulated work has no thread of its own and cannot wait, so this offloads short work repeatedly.
hotline::Result<void> SimulatedRig::offload_endless_work() {
  for (;;) {
    if (auto result = hotline::offload_work([] {}); !result) return result;
  }
}

}  // namespace

std::unique_ptr<WaitRig> make_simulated_rig() { return std::make_unique<SimulatedRig>(); }

}  // namespace contract
