#include "engine/worker.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <future>
#include <memory>

#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "hotline/engine/clock.h"

namespace hotline::engine::worker_test {
namespace {

using enum WorkerKind;

/// Runs a worker with `body` to its end; calls `meanwhile` with it before that.
void run_worker(WorkerKind kind, std::move_only_function<void()> body,
                const std::function<void(Worker&)>& meanwhile) {
  std::promise<void> ended;
  auto worker = start_thread_worker({.kind = kind,
                                     .name = "test",
                                     .loop = {.engine = EngineKind::epoll},
                                     .body = std::move(body),
                                     .on_end = [&ended] { ended.set_value(); }});
  REQUIRE(worker);
  meanwhile(**worker);
  ended.get_future().wait();
}

TEST_CASE("a loop worker runs on a fiber, a blocking one on a thread without a loop") {
  for (const WorkerKind kind : {loop, blocking}) {
    bool has_loop = false;
    run_worker(
        kind, [&] { has_loop = EventLoop::running() != nullptr; }, [](Worker&) {});
    CHECK(has_loop == (kind == loop));
  }
}

TEST_CASE("a cancel ends a worker's wait, also if it comes before the wait") {
  for (const WorkerKind kind : {loop, blocking}) {
    Result<void> slept;
    run_worker(
        kind, [&] { slept = sleep_until(Deadline::never()); },
        [](Worker& worker) { worker.interrupt(kCancelEnd); });
    REQUIRE_FALSE(slept);
    CHECK(slept.error().kind == ErrorKind::cancelled);
  }
}

TEST_CASE("a worker that could not be interrupted is not started") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  for (const WorkerKind kind : {loop, blocking}) {
    bool has_run = false;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto worker = start_thread_worker({.kind = kind,
                                             .name = "test",
                                             .loop = {.engine = EngineKind::epoll},
                                             .body = [&] { has_run = true; },
                                             .on_end = [] {}});
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    REQUIRE_FALSE(worker);
    CHECK(worker.error().kind == ErrorKind::resource_exhausted);
    CHECK_FALSE(has_run);
  }
}

TEST_CASE("a drain does not end a worker's sleep") {
  for (const WorkerKind kind : {loop, blocking}) {
    Result<void> slept = fail({});
    run_worker(
        kind, [&] { slept = sleep_for(std::chrono::milliseconds(5)); },
        [](Worker& worker) { worker.interrupt(kDrainEnd); });
    CHECK(slept);
  }
}

TEST_CASE("a letter runs on the worker's loop, outside of its fiber") {
  std::unique_ptr<LoopEvent> has_come;
  std::promise<void> is_ready;
  bool was_outside = false;
  run_worker(
      loop,
      [&] {
        has_come = std::make_unique<LoopEvent>(*EventLoop::running());
        is_ready.set_value();
        has_come->wait();
      },
      [&](Worker& worker) {
        is_ready.get_future().wait();
        worker.post([&] {
          was_outside = EventLoop::running()->fiber() == nullptr;
          has_come->set();
        });
      });
  CHECK(was_outside);
}

TEST_CASE("an interrupt of a worker that has ended does nothing") {
  for (const WorkerKind kind : {loop, blocking}) {
    std::promise<void> ended;
    auto worker = start_thread_worker({.kind = kind,
                                       .name = "test",
                                       .loop = {.engine = EngineKind::epoll},
                                       .body = [] {},
                                       .on_end = [&ended] { ended.set_value(); }});
    REQUIRE(worker);
    ended.get_future().wait();
    (*worker)->interrupt(kCancelEnd);
  }
}

TEST_CASE("a worker whose loop cannot be made fails with the reason") {
  const auto worker = start_thread_worker({.kind = loop,
                                           .name = "test",
                                           .loop = {.engine = EngineKind::simulated},
                                           .body = [] {},
                                           .on_end = [] {}});
  REQUIRE_FALSE(worker);
  CHECK(worker.error().kind == ErrorKind::unsupported);
}

}  // namespace
}  // namespace hotline::engine::worker_test
