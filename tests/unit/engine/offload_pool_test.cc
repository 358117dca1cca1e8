#include "engine/offload_pool.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <set>
#include <thread>

#include <doctest/doctest.h>

namespace hotline::engine {

TEST_CASE("work runs on another thread") {
  OffloadPool pool;
  std::promise<std::thread::id> ran;
  pool.submit([&] { ran.set_value(std::this_thread::get_id()); });
  CHECK(ran.get_future().get() != std::this_thread::get_id());
}

TEST_CASE("all work runs, by no more threads than allowed") {
  constexpr int kJobs = 200;
  std::latch done(kJobs);
  std::atomic<int> running = 0;
  std::atomic<int> running_max = 0;
  OffloadPool pool(3);
  for (int i = 0; i < kJobs; ++i) {
    pool.submit([&] {
      const int now_running = ++running;
      for (int seen = running_max; seen < now_running;) {
        if (running_max.compare_exchange_weak(seen, now_running)) break;
      }
      std::this_thread::yield();
      --running;
      done.count_down();
    });
  }
  done.wait();
  CHECK(running_max >= 1);
  CHECK(running_max <= 3);
}

TEST_CASE("work that waits for other work does not keep it from running") {
  OffloadPool pool(2);
  std::promise<void> first;
  std::promise<void> second;
  pool.submit([&] {
    first.get_future().wait();
    second.set_value();
  });
  pool.submit([&] { first.set_value(); });
  second.get_future().wait();
}

TEST_CASE("a pool that goes drops what no thread has begun and does not wait for the rest") {
  auto gate = std::make_shared<std::promise<void>>();
  const std::shared_future<void> open = gate->get_future().share();
  auto finished = std::make_shared<std::promise<void>>();
  std::promise<void> begun;
  const auto never_begun = std::make_shared<int>(0);
  {
    OffloadPool pool(1);
    pool.submit([&begun, open, finished] {
      begun.set_value();
      open.wait();
      finished->set_value();
    });
    begun.get_future().wait();
    pool.submit([never_begun] {});
    CHECK(never_begun.use_count() == 2);
  }
  CHECK(never_begun.use_count() == 1);
  gate->set_value();
  finished->get_future().wait();
}

TEST_CASE("what work owns goes as soon as it has run") {
  OffloadPool pool(1);
  const auto owned = std::make_shared<int>(0);
  pool.submit([owned] {});
  std::promise<void> next;
  pool.submit([&] { next.set_value(); });
  next.get_future().wait();
  CHECK(owned.use_count() == 1);
}

TEST_CASE("signals are blocked on the threads of a pool") {
  OffloadPool pool(1);
  std::promise<sigset_t> told;
  pool.submit([&] {
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    told.set_value(blocked);
  });
  const sigset_t blocked = told.get_future().get();
  CHECK(sigismember(&blocked, SIGTERM) == 1);
  CHECK(sigismember(&blocked, SIGINT) == 1);
}

}  // namespace hotline::engine
