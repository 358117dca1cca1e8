#include <sys/resource.h>

#include <thread>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::event_loop_spin_test {
namespace {

using std::chrono::milliseconds;

rusage thread_usage() {
  rusage usage{};
  REQUIRE(::getrusage(RUSAGE_THREAD, &usage) == 0);
  return usage;
}

/// Returns how often this thread has slept.
long sleep_count() { return thread_usage().ru_nvcsw; }

Duration processor_time() {
  const rusage usage = thread_usage();
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

TEST_CASE("a loop that looks for events for long enough never sleeps before a timer is due") {
  test::on_each_loop(
      [](EventLoop&) {
        REQUIRE(sleep_for(milliseconds(1)));
        const long before = sleep_count();
        const Instant start = now();
        REQUIRE(sleep_for(milliseconds(5)));
        CHECK(now() - start >= milliseconds(5));
        CHECK(sleep_count() == before);
      },
      {.spin = std::chrono::hours(1)});
}

TEST_CASE("a loop sleeps at once unless it is to look for events") {
  test::on_each_loop([](EventLoop&) {
    const long before = sleep_count();
    // A timer that is due when the thread comes to run again needs no sleep.
    for (int i = 0; i < 100 && sleep_count() == before; ++i) REQUIRE(sleep_for(milliseconds(5)));
    CHECK(sleep_count() > before);
  });
}

TEST_CASE("a loop that has looked for events for its time sleeps until something happens") {
  test::on_each_loop(
      [](EventLoop&) {
        const long before = sleep_count();
        const Duration used_before = processor_time();
        REQUIRE(sleep_for(milliseconds(200)));
        CHECK(sleep_count() > before);
        CHECK(processor_time() - used_before < milliseconds(100));
      },
      {.spin = milliseconds(1)});
}

TEST_CASE("a loop that looks for events runs at once what a letter wants to run next") {
  test::on_each_loop(
      [](EventLoop& loop) {
        const Instant start = now();
        LoopEvent event(loop);
        std::jthread other([&loop, &event, mailbox = loop.mailbox()] {
          Mailbox::Letters letters;
          letters.emplace_back(
              [&] { REQUIRE(loop.spawn_next("next", [&event] { event.set(); })); });
          mailbox->post(std::move(letters));
        });
        event.wait(Deadline::after(start, std::chrono::seconds(60)));
        CHECK(now() - start < std::chrono::seconds(60));
      },
      {.spin = std::chrono::microseconds(200)});
}

TEST_CASE("a loop that looks for events finds the letters of other threads") {
  test::on_each_loop(
      [](EventLoop& loop) {
        LoopEvent event(loop);
        std::jthread other([&event, mailbox = loop.mailbox()] {
          Mailbox::Letters letters;
          letters.emplace_back([&event] { event.set(); });
          mailbox->post(std::move(letters));
        });
        event.wait();
      },
      {.spin = std::chrono::hours(1)});
}

}  // namespace
}  // namespace hotline::engine::event_loop_spin_test
