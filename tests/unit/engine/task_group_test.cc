#include "hotline/engine/task_group.h"

#include <sys/resource.h>

#include <csignal>
#include <future>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "engine/operations/receive.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"
#include "support/no_descriptors.h"
#include "support/sockets.h"

namespace hotline::task_group_test {
namespace {

using engine::Channel;
using engine::Engine;
using std::chrono::hours;
using std::chrono::milliseconds;

/// Reads with the current engine of this thread, `size` bytes at most.
std::string read_some(Channel& channel, std::size_t size) {
  std::string text(size, '\0');
  if (channel.unread.empty()) {
    engine::Receive receive(channel, Engine::current(), std::as_writable_bytes(std::span(text)));
    const int result = Engine::current().perform(receive, deadline_after(std::chrono::seconds(10)));
    text.resize(static_cast<std::size_t>(std::max(0, result)));
    return text;
  }
  const auto taken = channel.unread.first(std::min(size, channel.unread.size()));
  text = as_text(taken);
  channel.unread = channel.unread.subspan(taken.size());
  return text;
}

}  // namespace

TEST_CASE("join waits until every fiber has ended") {
  test::on_each_engine([] {
    TaskGroup group;
    int ended = 0;
    for (int i = 0; i < 10; ++i) {
      REQUIRE(group.spawn("test", [&ended, i] {
        static_cast<void>(sleep_for(std::chrono::microseconds(100 * (i % 3))));
        ++ended;
      }));
    }
    CHECK(group.size() == 10);
    CHECK(group.join());
    CHECK(ended == 10);
    CHECK(group.size() == 0);
  });
}

TEST_CASE("an empty group joins at once, and can be used again after a join") {
  test::on_each_engine([] {
    TaskGroup group;
    CHECK(group.join());
    int runs = 0;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(group.spawn("test", [&] { ++runs; }));
      CHECK(group.join());
    }
    CHECK(runs == 3);
  });
}

TEST_CASE("a cancel ends the waits of every fiber, also of those spawned later") {
  test::on_each_engine([] {
    TaskGroup group;
    std::string kinds;
    const auto sleep_long = [&] { kinds += test::kind_of(sleep_for(hours(1))) + " "; };
    REQUIRE(group.spawn("before", sleep_long));
    group.cancel();
    REQUIRE(group.spawn("after", sleep_long));
    CHECK(group.join());
    CHECK(kinds == "cancelled cancelled ");
  });
}

TEST_CASE("a cancel or a drain from another thread reaches every fiber") {
  test::on_each_engine([] {
    for (const auto& ask : {&TaskGroup::cancel, &TaskGroup::drain}) {
      TaskGroup group;
      std::promise<void> waits;
      auto [ours, peer] = test::stream_pair();
      Channel channel(std::move(ours));
      int received = 0;
      REQUIRE(group.spawn("receiver", [&] {
        engine::Receive receive(channel, Engine::current());
        waits.set_value();
        received = Engine::current().perform(receive, Deadline::never());
      }));
      std::thread other([&] {
        waits.get_future().wait();
        (group.*ask)();
      });
      CHECK(group.join());
      other.join();
      CHECK(received == (ask == &TaskGroup::cancel ? -engine::kCancelEnd : -engine::kDrainEnd));
    }
  });
}

TEST_CASE("requests of other threads to a group that has been destroyed are dropped") {
  test::on_each_loop([](engine::EventLoop& loop) {
    {
      TaskGroup group;
      std::thread([&] { group.cancel(); }).join();
    }
    loop.yield();
    CHECK(sleep_for(milliseconds(1)));
  });
}

TEST_CASE("a fiber may cancel its own group") {
  test::on_each_engine([] {
    TaskGroup group;
    std::string kinds;
    REQUIRE(group.spawn("sleeper", [&] { kinds += test::kind_of(sleep_for(hours(1))); }));
    REQUIRE(group.spawn("canceller", [&] {
      group.cancel();
      kinds += test::kind_of(sleep_for(hours(1)));
    }));
    CHECK(group.join());
    CHECK(kinds == "cancelledcancelled");
  });
}

TEST_CASE("destroying a group cancels its fibers, and waits for them") {
  test::on_each_engine([] {
    bool has_ended = false;
    {
      TaskGroup group;
      REQUIRE(group.spawn("sleeper", [&] {
        static_cast<void>(sleep_for(hours(1)));
        has_ended = true;
      }));
    }
    CHECK(has_ended);
  });
}

TEST_CASE("groups nest: a cancel of the outer reaches the fibers of the inner") {
  test::on_each_engine([] {
    std::string kinds;
    TaskGroup outer;
    REQUIRE(outer.spawn("outer", [&] {
      TaskGroup inner;
      REQUIRE(inner.spawn("inner", [&] {
        outer.cancel();
        kinds += test::kind_of(sleep_for(hours(1))) + " ";
      }));
      kinds += test::kind_of(inner.join());
    }));
    CHECK(outer.join());
    CHECK(kinds == "cancelled cancelled");
  });
}

TEST_CASE("a join that times out cancels the fibers, waits for them and fails") {
  test::on_each_loop([](engine::EventLoop&) {
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("sleeper", [&] { kind = test::kind_of(sleep_for(hours(1))); }));
    {
      const DeadlineScope scope(deadline_after(milliseconds(1)));
      CHECK(test::kind_of(group.join()) == "timed_out");
    }
    CHECK(kind == "cancelled");
    CHECK(group.size() == 0);
  });
}

TEST_CASE("on a thread without a loop, a join that times out also ends and fails") {
  std::string kind;
  TaskGroup group;
  REQUIRE(group.spawn("sleeper", [&] { kind = test::kind_of(sleep_for(milliseconds(500))); }));
  {
    const DeadlineScope scope(deadline_after(milliseconds(1)));
    CHECK(test::kind_of(group.join()) == "timed_out");
  }
  CHECK(kind == "cancelled");
}

TEST_CASE("the fibers of a group on a thread without a loop have the thread's deadline") {
  const DeadlineScope scope(deadline_after(milliseconds(1)));
  std::string kind;
  TaskGroup group;
  REQUIRE(group.spawn("sleeper", [&] { kind = test::kind_of(sleep_for(hours(1))); }));
  static_cast<void>(group.join());
  CHECK(kind == "timed_out");
}

TEST_CASE("an interrupt of a thread without a loop reaches the group that it joins") {
  engine::Interrupter interrupter;
  const engine::BlockingEngine::Interruptible engine(interrupter);
  std::string kind;
  TaskGroup group;
  REQUIRE(group.spawn("sleeper", [&] {
    interrupter.cancel();
    kind = test::kind_of(sleep_for(milliseconds(500)));
  }));
  CHECK(test::kind_of(group.join()) == "cancelled");
  CHECK(kind == "cancelled");
}

TEST_CASE("an interrupt of a thread without a loop reaches its group also without descriptors") {
  engine::Interrupter interrupter;
  const engine::BlockingEngine::Interruptible engine(interrupter);
  std::string kind;
  TaskGroup group;
  REQUIRE(group.spawn("sleeper", [&] {
    interrupter.cancel();
    kind = test::kind_of(sleep_for(hours(1)));
  }));
  const test::NoDescriptors limit;
  CHECK(test::kind_of(group.join()) == "cancelled");
  CHECK(kind == "cancelled");
}

TEST_CASE("a drained thread without a loop sleeps while it waits for its group") {
  const auto processor_time = [] {
    rusage usage{};
    REQUIRE(::getrusage(RUSAGE_THREAD, &usage) == 0);
    return std::chrono::microseconds(1'000'000 * (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                     usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  };
  for (const bool is_noted_before : {false, true}) {
    CAPTURE(is_noted_before);
    engine::Interrupter interrupter;
    const engine::BlockingEngine::Interruptible engine(interrupter);
    interrupter.drain();
    if (is_noted_before) engine::Engine::current().note_interrupts();
    const auto before = processor_time();
    TaskGroup group;
    REQUIRE(group.spawn("sleeper", [] { CHECK(sleep_for(milliseconds(200))); }));
    CHECK(group.join());
    CHECK(processor_time() - before < milliseconds(100));
  }
}

TEST_CASE("a drain ends a receive with nothing pending and lets other waits go on") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    int received = 0;
    bool has_slept = false;
    TaskGroup group;
    REQUIRE(group.spawn("receiver", [&] {
      engine::Receive receive(channel, Engine::current());
      received = Engine::current().perform(receive, Deadline::never());
    }));
    REQUIRE(
        group.spawn("sleeper", [&] { has_slept = static_cast<bool>(sleep_for(milliseconds(1))); }));
    REQUIRE(group.spawn("drainer", [&] { group.drain(); }));
    CHECK(group.join());
    CHECK(received == -engine::kDrainEnd);
    CHECK(has_slept);
  });
}

TEST_CASE("a thread without a loop goes on reading where its group stopped, after its end") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::send_text(peer.get(), "first,second,");
  std::string in_group;
  {
    TaskGroup group;
    REQUIRE(group.spawn("reader", [&] { in_group = read_some(channel, 6); }));
    CHECK(group.join());
    CHECK(in_group == "first,");
  }
  CHECK(read_some(channel, 7) == "second,");
  test::send_text(peer.get(), "third");
  CHECK(read_some(channel, 5) == "third");
}

TEST_CASE("a thread without a loop goes on reading where its group stopped, after the join") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  TaskGroup group;
  test::send_text(peer.get(), "first,");
  REQUIRE(group.spawn("reader", [&] {
    CHECK(read_some(channel, 6) == "first,");
    test::send_text(peer.get(), "second,");
    // Turns of the loop, in which an engine may receive ahead.
    for (int i = 0; i < 10; ++i) engine::EventLoop::running()->yield();
  }));
  CHECK(group.join());
  CHECK(read_some(channel, 7) == "second,");
  test::send_text(peer.get(), "third,");
  CHECK(read_some(channel, 6) == "third,");
  REQUIRE(group.spawn("reader", [&] {
    test::send_text(peer.get(), "fourth");
    CHECK(read_some(channel, 6) == "fourth");
  }));
  CHECK(group.join());
}

TEST_CASE("an exception that leaves one fiber cancels the others if the group is made so") {
  test::on_each_engine([] {
    for (const OnThrow on_throw : {OnThrow::others_go_on, OnThrow::cancels_others}) {
      TaskGroup group({.on_throw = on_throw});
      std::string kind = "none";
      REQUIRE(group.spawn("sleeper", [&] { kind = test::kind_of(sleep_for(milliseconds(20))); }));
      REQUIRE(group.spawn("thrower", [] { throw 1; }));
      REQUIRE(group.spawn("other thrower", [] {
        static_cast<void>(sleep_for(milliseconds(1)));
        throw 2;
      }));
      int thrown = 0;
      try {
        static_cast<void>(group.join());
      } catch (int number) {
        thrown = number;
      }
      CHECK(thrown == 1);
      CHECK(kind == (on_throw == OnThrow::cancels_others ? "cancelled" : ""));
    }
  });
}

TEST_CASE("the private loop of a thread is made as the group says") {
  for (const EngineKind kind : test::loop_engines()) {
    TaskGroup group({.loop = {.engine = kind}});
    std::string name;
    REQUIRE(group.spawn("test", [&] { name = Engine::current().name(); }));
    CHECK(group.join());
    CHECK(name == (kind == EngineKind::uring ? "uring" : "epoll"));
  }
}

TEST_CASE("an empty function ends the program where it is given, not where it would run") {
  const auto report = test::in_child_process([] {
    TaskGroup group;
    discard(group.spawn("empty", nullptr));
  });
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text.find("a TaskGroup is given an empty function") != std::string::npos);
}

}  // namespace hotline::task_group_test
