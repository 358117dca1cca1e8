#include "engine/offload_pool.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::engine::offload_pool_test {

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
  OffloadPool pool({.threads_max = 3});
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
  OffloadPool pool({.threads_max = 2});
  std::promise<void> first;
  std::promise<void> second;
  pool.submit([&] {
    first.get_future().wait();
    second.set_value();
  });
  pool.submit([&] { first.set_value(); });
  second.get_future().wait();
}

TEST_CASE(
    "a pool that is destroyed drops work that no thread has begun, without waiting for the rest") {
  auto gate = std::make_shared<std::promise<void>>();
  const std::shared_future<void> open = gate->get_future().share();
  auto finished = std::make_shared<std::promise<void>>();
  std::promise<void> begun;
  const auto never_begun = std::make_shared<int>(0);
  {
    OffloadPool pool({.threads_max = 1});
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

TEST_CASE("what work owns is destroyed as soon as it has run") {
  OffloadPool pool({.threads_max = 1});
  const auto owned = std::make_shared<int>(0);
  pool.submit([owned] {});
  std::promise<void> next;
  pool.submit([&] { next.set_value(); });
  next.get_future().wait();
  CHECK(owned.use_count() == 1);
}

namespace {

/// A pool with one thread, which is busy until open().
struct BusyPool {
  explicit BusyPool(std::size_t waiting_max)
      : pool({.threads_max = 1, .waiting_max = waiting_max}) {
    std::promise<void> begun;
    pool.submit([&begun, opened = gate.get_future().share()] {
      begun.set_value();
      opened.wait();
    });
    begun.get_future().wait();
  }

  /// Lets the thread go on, and waits until it has done its work so far.
  void open() {
    gate.set_value();
    std::promise<void> last;
    pool.submit([&last] { last.set_value(); });
    last.get_future().wait();
  }

  std::promise<void> gate;
  OffloadPool pool;
};

}  // namespace

TEST_CASE("work within the limit runs even if its submitter has given up") {
  BusyPool busy(2);
  std::atomic<int> ran = 0;
  const auto one = busy.pool.submit([&] { ++ran; });
  const auto two = busy.pool.submit([&] { ++ran; });
  busy.pool.give_up(one);
  busy.pool.give_up(two);
  busy.open();
  CHECK(ran == 2);
}

TEST_CASE("work beyond the limit is dropped, with what it owns, when its submitter gives up") {
  for (const std::size_t waiting_max : {0U, 1U, 2U}) {
    BusyPool busy(waiting_max);
    std::atomic<std::size_t> ran = 0;
    for (std::size_t i = 0; i < waiting_max; ++i) busy.pool.submit([&] { ++ran; });
    const auto owned = std::make_shared<int>(0);
    const auto dropped = busy.pool.submit([&, owned] { ran += 100; });
    const auto kept = busy.pool.submit([&] { ++ran; });
    busy.pool.give_up(dropped);
    CHECK(owned.use_count() == 1);
    busy.open();
    CHECK(ran == waiting_max + 1);
    // Work that has run cannot be given up.
    busy.pool.give_up(kept);
    busy.pool.give_up(dropped);
  }
}

TEST_CASE("work within and beyond the limit runs in the order of submission") {
  BusyPool busy(3);
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) busy.pool.submit([&order, i] { order.push_back(i); });
  busy.open();
  CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a pool without room to wait still runs all work on all of its threads") {
  constexpr int kJobs = 50;
  OffloadPool pool({.threads_max = 3, .waiting_max = 0});
  std::latch done(kJobs);
  for (int i = 0; i < kJobs; ++i) pool.submit([&] { done.count_down(); });
  done.wait();
}

TEST_CASE("without room to wait, work gets a thread of its own while there are any") {
  // All at once, before any thread has begun: each of them must run while the others do.
  constexpr int kThreads = 4;
  for (int round = 0; round < 50; ++round) {
    OffloadPool pool({.threads_max = kThreads, .waiting_max = 0});
    const auto all = std::make_shared<std::latch>(kThreads);
    std::latch done(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      pool.submit([all, &done] {
        all->arrive_and_wait();
        done.count_down();
      });
    }
    done.wait();
  }
}

namespace {

/// While it exists no thread can be started: their stacks would be larger than the address space.
class NoThreads {
 public:
  NoThreads() {
    ::pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    ::pthread_attr_init(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
    is_in_force_ = ::pthread_setattr_default_np(&huge) == 0;
    ::pthread_attr_destroy(&huge);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }

  bool is_in_force() const { return is_in_force_; }

 private:
  pthread_attr_t before_;
  bool is_in_force_ = false;
};

}  // namespace

TEST_CASE(
    "if no thread can be started, submitters run the work themselves, however many they are") {
  constexpr int kSubmitters = 8;
  constexpr int kEach = 100;
  OffloadPool pool({.threads_max = 4});
  std::atomic<int> ran = 0;
  std::latch begun(kSubmitters);
  std::vector<std::jthread> submitters;
  std::optional<NoThreads> none;
  std::latch may_submit(1);
  for (int i = 0; i < kSubmitters; ++i) {
    submitters.emplace_back([&] {
      begun.arrive_and_wait();
      may_submit.wait();
      for (int n = 0; n < kEach; ++n) {
        std::promise<void> done;
        pool.submit([&] {
          ++ran;
          done.set_value();
        });
        done.get_future().wait();
      }
    });
  }
  begun.wait();
  none.emplace();
  REQUIRE(none->is_in_force());
  may_submit.count_down();
  submitters.clear();
  CHECK(ran == kSubmitters * kEach);
}

TEST_CASE("signals are blocked on the threads of a pool") {
  OffloadPool pool({.threads_max = 1});
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

TEST_CASE(
    "work that is withdrawn before a thread begins it never runs, within the limit or beyond") {
  BusyPool busy(1);
  std::atomic<int> ran = 0;
  const auto owned = std::make_shared<int>(0);
  const auto inside = busy.pool.submit([&, owned] { ran += 100; });
  const auto outside = busy.pool.submit([&, owned] { ran += 100; });
  const auto last = busy.pool.submit([&] { ++ran; });
  CHECK(busy.pool.withdraw(outside));
  CHECK(busy.pool.withdraw(inside));
  CHECK_FALSE(busy.pool.withdraw(inside));
  CHECK(owned.use_count() == 1);
  busy.open();
  CHECK(ran == 1);
  CHECK_FALSE(busy.pool.withdraw(last));
}

TEST_CASE("work that a thread has begun cannot be withdrawn") {
  OffloadPool pool({.threads_max = 1});
  std::promise<void> begun;
  std::promise<void> gate;
  std::promise<void> done;
  const auto ticket = pool.submit([&] {
    begun.set_value();
    gate.get_future().wait();
    done.set_value();
  });
  begun.get_future().wait();
  CHECK_FALSE(pool.withdraw(ticket));
  gate.set_value();
  done.get_future().wait();
}

}  // namespace hotline::engine::offload_pool_test
