#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "engine/end_code.h"
#include "engine/file_call.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"

namespace hotline::engine::event_loop_work_test {
namespace {

/// Keeps the only thread for file work busy until open().
class BusyDisk {
 public:
  explicit BusyDisk(EventLoop& loop) : group_(loop) {
    loop.spawn(
        "busy",
        [this] {
          result_ = file_call([this](FileKernel&) {
            begun_.set_value();
            opened_.get_future().wait();
            return 7;
          });
        },
        &group_);
    loop.yield();
    begun_.get_future().wait();
  }

  void open() { opened_.set_value(); }
  void cancel() { group_.interrupt(kCancelEnd); }

  /// Returns the result of the work.
  std::int64_t join() {
    group_.join();
    return result_;
  }

 private:
  std::promise<void> begun_;
  std::promise<void> opened_;
  std::int64_t result_ = 0;
  FiberGroup group_;
};

const LoopOptions kOneThread{.files = {.threads_max = 1}};

}  // namespace

TEST_CASE("file work runs on another thread of a loop, and in place elsewhere") {
  const auto here = std::this_thread::get_id();
  test::on_each_loop([&](EventLoop&) {
    bool is_here = true;
    CHECK(file_call([&](FileKernel&) {
            is_here = std::this_thread::get_id() == here;
            return 3;
          }) == 3);
    CHECK_FALSE(is_here);
  });
  bool is_here = false;
  CHECK(file_call([&](FileKernel&) {
          is_here = std::this_thread::get_id() == here;
          return -5;
        }) == -5);
  CHECK(is_here);
}

TEST_CASE("a lack of memory in file work is an error") {
  test::on_each_engine(
      [] { CHECK(file_call([](FileKernel&) -> int { throw std::bad_alloc(); }) == -ENOMEM); });
}

TEST_CASE("file work that has begun is waited for, also if a deadline passes") {
  test::on_each_loop(
      [](EventLoop& loop) {
        std::atomic<bool> has_begun = false;
        // On a busy machine the thread may begin later, and then the work is withdrawn.
        for (std::chrono::milliseconds patience(20); !has_begun; patience *= 2) {
          std::promise<void> opened;
          bool has_passed = false;
          const DeadlineScope scope(deadline_after(patience));
          FiberGroup group(loop);
          loop.spawn(
              "opener",
              [&] {
                discard(sleep_for(2 * patience));
                has_passed = true;
                opened.set_value();
              },
              &group);
          const std::int64_t result = file_call([&](FileKernel&) {
            has_begun = true;
            opened.get_future().wait();
            return 7;
          });
          CHECK(result == (has_begun ? 7 : -kDeadlineEnd));
          CHECK((has_passed || !has_begun));
          CHECK(file_call([](FileKernel&) { return 7; }) == -kDeadlineEnd);
          group.join();
        }
      },
      kOneThread);
}

TEST_CASE("file work that has begun is waited for, also if its fiber is cancelled") {
  test::on_each_loop(
      [](EventLoop& loop) {
        BusyDisk disk(loop);
        disk.cancel();
        disk.open();
        CHECK(disk.join() == 7);
      },
      kOneThread);
}

TEST_CASE("file work that no thread has begun is withdrawn at a deadline and never runs") {
  test::on_each_loop(
      [](EventLoop& loop) {
        BusyDisk disk(loop);
        bool has_run = false;
        {
          const DeadlineScope scope(deadline_after(std::chrono::milliseconds(5)));
          CHECK(file_call([&](FileKernel&) {
                  has_run = true;
                  return 0;
                }) == -kDeadlineEnd);
        }
        disk.open();
        CHECK(disk.join() == 7);
        CHECK(file_call([](FileKernel&) { return 8; }) == 8);
        CHECK_FALSE(has_run);
      },
      kOneThread);
}

TEST_CASE("file work does not begin in a cancelled fiber, and not after a deadline") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    bool has_run = false;
    loop.spawn(
        "cancelled",
        [&] {
          loop.interrupt(*loop.fiber(), kCancelEnd);
          CHECK(file_call([&](FileKernel&) {
                  has_run = true;
                  return 0;
                }) == -kCancelEnd);
        },
        &group);
    group.join();
    CHECK_FALSE(has_run);
  });
  const DeadlineScope scope(Deadline::at(now()));
  CHECK(file_call([](FileKernel&) { return 0; }) == -kDeadlineEnd);
}

TEST_CASE("a quick call runs in place, and beside the loop only if it would wait") {
  const auto here = std::this_thread::get_id();
  test::on_each_loop([&](EventLoop&) {
    CHECK(quick_file_call([&](FileKernel&, Patience patience) {
            CHECK(patience == Patience::none);
            CHECK(std::this_thread::get_id() == here);
            return 4;
          }) == 4);
    CHECK(
        quick_file_call([&](FileKernel&, Patience patience) {
          return patience == Patience::none ? -EAGAIN : std::this_thread::get_id() == here ? -1 : 5;
        }) == 5);
  });
  CHECK(quick_file_call([&](FileKernel&, Patience patience) {
          return patience == Patience::waits ? 6 : -EAGAIN;
        }) == 6);
}

TEST_CASE("a fiber whose quick calls move many bytes lets others run") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    bool has_run = false;
    loop.spawn(
        "other", [&] { has_run = true; }, &group);
    for (int i = 0; i < 3 && !has_run; ++i) {
      quick_file_call([](FileKernel&, Patience) { return 256 * 1024; });
    }
    CHECK(has_run);
    group.join();
  });
}

}  // namespace hotline::engine::event_loop_work_test
