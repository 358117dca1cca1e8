#include "hotline/engine/file_work.h"

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::file_work_test {
namespace {

using test::on_each_engine;
using test::on_each_loop;

Result<std::string> write_and_read(const Directory& directory, const std::string& name) {
  auto file = directory.create(name, 0600);
  if (!file) return fail(std::move(file.error()));
  if (auto written = file->write_at(0, as_bytes(name)); !written) return fail(written.error());
  std::string text(name.size(), '?');
  const auto count = file->read_at(0, as_writable_bytes(text));
  if (!count) return fail(count.error());
  return text;
}

}  // namespace

TEST_CASE("file work makes its calls, and its value is returned") {
  on_each_engine([] {
    const test::TemporaryDirectory folder;
    const auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    const auto read = file_work([&] { return write_and_read(*directory, "name"); });
    REQUIRE(read);
    REQUIRE(*read);
    CHECK(**read == "name");
    CHECK(directory->status("name")->size == 4);
  });
}

TEST_CASE("on a loop, all calls of a piece of file work are performed on one other thread") {
  on_each_loop([](engine::EventLoop& loop) {
    const test::TemporaryDirectory folder;
    const auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    const auto here = std::this_thread::get_id();
    REQUIRE(file_work([&] {
      const auto there = std::this_thread::get_id();
      CHECK(there != here);
      CHECK(&engine::Engine::current() != &loop);
      REQUIRE(directory->make_directory("a", 0700));
      REQUIRE(directory->sync());
      CHECK(std::this_thread::get_id() == there);
    }));
    CHECK(std::this_thread::get_id() == here);
  });
}

TEST_CASE("without a loop, file work runs on the calling thread") {
  const auto here = std::this_thread::get_id();
  CHECK(file_work([] { return std::this_thread::get_id(); }).value() == here);
}

TEST_CASE("the other fibers of a loop go on during file work, and a lock of the caller remains") {
  on_each_loop([](engine::EventLoop& loop) {
    std::promise<void> gate;
    Mutex mutex;
    const auto lock = mutex.lock();
    engine::FiberGroup group(loop);
    bool was_free = true;
    loop.spawn(
        "other",
        [&] {
          was_free = mutex.try_lock().has_value();
          gate.set_value();
        },
        &group);
    CHECK(file_work([&] { gate.get_future().wait(); }));
    CHECK_FALSE(was_free);
    group.join();
  });
}

TEST_CASE("an exception of file work is thrown in the caller") {
  on_each_engine([] {
    const auto throwing = []() -> int { throw std::runtime_error("no"); };
    CHECK_THROWS_WITH_AS(static_cast<void>(file_work(throwing)), "no", std::runtime_error);
    CHECK_THROWS_WITH_AS(static_cast<void>(run_file_work([] { throw std::runtime_error("no"); })),
                         "no", std::runtime_error);
  });
}

TEST_CASE("file work may change what it owns, and return what cannot be copied") {
  on_each_engine([] {
    auto seven = file_work([owned = std::make_unique<int>(6)]() mutable {
      ++*owned;
      return std::move(owned);
    });
    REQUIRE(seven);
    CHECK(**seven == 7);
  });
}

TEST_CASE("file work whose deadline has passed, or whose fiber is cancelled, never runs") {
  on_each_engine([] {
    bool has_run = false;
    {
      const DeadlineScope scope(Deadline::at(now()));
      CHECK(test::kind_of(file_work([&] { has_run = true; })) == "timed_out");
    }
    TaskGroup group;
    REQUIRE(group.spawn("cancelled", [&] {
      CHECK(test::kind_of(file_work([&] { has_run = true; })) == "cancelled");
    }));
    group.cancel();
    CHECK(group.join());
    CHECK_FALSE(has_run);
  });
}

TEST_CASE("a cancel ends no call of file work that has begun") {
  on_each_loop([](engine::EventLoop&) {
    const test::TemporaryDirectory folder;
    const auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    std::promise<void> begun;
    std::promise<void> cancelled;
    TaskGroup group;
    Result<void> made = fail(Error());
    REQUIRE(group.spawn("worker", [&] {
      CHECK(file_work([&] {
        begun.set_value();
        cancelled.get_future().wait();
        made = directory->make_directory("a", 0700);
      }));
    }));
    REQUIRE(group.spawn("canceller", [&] {
      REQUIRE(file_work([&] { begun.get_future().wait(); }));
      group.cancel();
      cancelled.set_value();
    }));
    CHECK(group.join());
    CHECK(made);
  });
}

TEST_CASE("a deadline that passes during file work ends none of its calls") {
  on_each_engine([] {
    const test::TemporaryDirectory folder;
    const auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    const Instant end = now() + std::chrono::milliseconds(20);
    const DeadlineScope scope(Deadline::at(end));
    REQUIRE(file_work([&] {
      while (now() <= end) std::this_thread::yield();
      CHECK(directory->make_directory("a", 0700));
    }));
  });
}

TEST_CASE("file work within file work runs on the same thread") {
  on_each_engine([] {
    const auto same = file_work([] {
      const auto outer = std::this_thread::get_id();
      return file_work([outer] { return std::this_thread::get_id() == outer; }).value();
    });
    CHECK(same.value());
  });
}

}  // namespace hotline::file_work_test
