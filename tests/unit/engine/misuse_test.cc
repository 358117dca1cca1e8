// Every violation of the engine's contract aborts with a sentence; each case runs in a process of
// its own.

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/operations/receive.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::misuse_test {
namespace {

using std::chrono::milliseconds;

void check_told(const std::function<void()>& body, std::string_view sentence) {
  const auto report = test::in_child_process(body);
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text.starts_with("hotline: "));
  CHECK_MESSAGE(report.error_text.find(sentence) != std::string::npos, report.error_text);
}

int receive(Channel& channel) {
  Receive operation(channel, Engine::current());
  return Engine::current().perform(operation, deadline_after(std::chrono::seconds(10)));
}

/// Lets a fiber of a loop wait to receive from a channel, and calls `use` with it on another
/// thread.
void use_elsewhere(EngineKind kind, const std::function<void(Channel&)>& use) {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const auto loop = *make_event_loop({.engine = kind});
  loop->spawn("owner", [&] { receive(channel); });
  loop->spawn("starter", [&] { std::thread([&] { use(channel); }).join(); });
  loop->run();
}

void receive_on_a_loop(EngineKind kind, Channel& channel) {
  const auto loop = *make_event_loop({.engine = kind});
  loop->spawn("thief", [&] { receive(channel); });
  loop->run();
}

void on_loop_in_child(EngineKind kind, const std::function<void(EventLoop&)>& body,
                      std::string_view sentence) {
  check_told([&] { test::on_loop(kind, body); }, sentence);
}

}  // namespace

TEST_CASE("using or closing a socket of a loop on another thread aborts") {
  constexpr std::string_view kSentence = "on that loop call leave_loop() first";
  for (const EngineKind kind : test::loop_engines()) {
    const auto check = [&](const std::function<void(Channel&)>& use) {
      check_told([&] { use_elsewhere(kind, use); }, kSentence);
    };
    check([](Channel& channel) { receive(channel); });
    check([](Channel& channel) { channel.close(); });
    check([](Channel& channel) { channel.withdraw(); });
    for (const EngineKind other : test::loop_engines()) {
      check([other](Channel& channel) { receive_on_a_loop(other, channel); });
    }
  }
}

TEST_CASE("a socket of a loop of this thread works without the loop, and loses nothing") {
  for (const EngineKind kind : test::loop_engines()) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const auto loop = *make_event_loop({.engine = kind});
    loop->spawn("test", [&, peer_fd = peer.get()] {
      test::send_text(peer_fd, "one");
      CHECK(receive(channel) == 3);
      test::send_text(peer_fd, "three");
      for (int i = 0; i < 5; ++i) loop->yield();
    });
    loop->run();
    CHECK(receive(channel) == 5);
    CHECK_FALSE(channel.is_attached());
  }
}

TEST_CASE("two fibers that receive from one socket at once abort") {
  for (const EngineKind kind : test::loop_engines()) {
    on_loop_in_child(
        kind,
        [](EventLoop& loop) {
          auto [ours, peer] = test::stream_pair();
          Channel channel(std::move(ours));
          FiberGroup group(loop);
          loop.spawn(
              "one", [&] { receive(channel); }, &group);
          loop.spawn(
              "two", [&] { receive(channel); }, &group);
          group.join();
        },
        "one may read while another writes, no more");
  }
}

TEST_CASE("a wait on the thread of a loop outside of its fibers aborts") {
  for (const EngineKind kind : test::loop_engines()) {
    on_loop_in_child(
        kind,
        [](EventLoop& loop) {
          loop.mailbox()->post([] { static_cast<void>(sleep_for(milliseconds(1))); });
          static_cast<void>(sleep_for(std::chrono::seconds(10)));
        },
        "spawn one to wait in");
    on_loop_in_child(
        kind,
        [](EventLoop& loop) {
          auto [ours, peer] = test::stream_pair();
          Channel channel(std::move(ours));
          loop.mailbox()->post([&channel] { receive(channel); });
          static_cast<void>(sleep_for(std::chrono::seconds(10)));
        },
        "spawn one to wait in");
  }
}

TEST_CASE("running a loop where that is not allowed aborts") {
  for (const EngineKind kind : test::loop_engines()) {
    on_loop_in_child(
        kind, [](EventLoop& loop) { loop.run(); }, "from within itself");
    check_told(
        [kind] {
          const auto loop = *make_event_loop({.engine = kind});
          std::thread([&] { loop->run(); }).join();
        },
        "run on another thread");
    check_told(
        [kind] {
          const auto loop = *make_event_loop({.engine = kind});
          loop->spawn("never run", [] {});
        },
        "before its fibers have ended");
  }
}

TEST_CASE("using a task group on another thread aborts") {
  constexpr std::string_view kSentence = "only cancel() and drain() may be";
  const auto spawn = [](TaskGroup& group) { static_cast<void>(group.spawn("x", [] {})); };
  const auto join = [](TaskGroup& group) { static_cast<void>(group.join()); };
  for (const std::function<void(TaskGroup&)>& use :
       {std::function<void(TaskGroup&)>(spawn), std::function<void(TaskGroup&)>(join)}) {
    const auto use_on_thread = [&use] {
      TaskGroup group;
      std::thread([&] { use(group); }).join();
    };
    check_told(use_on_thread, kSentence);
    for (const EngineKind kind : test::loop_engines()) {
      on_loop_in_child(
          kind, [&](EventLoop&) { use_on_thread(); }, kSentence);
    }
  }
}

TEST_CASE("a fiber that joins its own task group aborts") {
  const auto join_from_within = [] {
    TaskGroup group;
    static_cast<void>(group.spawn("member", [&] { static_cast<void>(group.join()); }));
    static_cast<void>(group.join());
  };
  check_told(join_from_within, "it would wait for itself");
  for (const EngineKind kind : test::loop_engines()) {
    on_loop_in_child(
        kind, [&](EventLoop&) { join_from_within(); }, "it would wait for itself");
  }
}

TEST_CASE("two fibers that join one task group at once abort") {
  for (const EngineKind kind : test::loop_engines()) {
    on_loop_in_child(
        kind,
        [](EventLoop&) {
          TaskGroup joined;
          TaskGroup joiners;
          const auto join = [&] { static_cast<void>(joined.join()); };
          static_cast<void>(joined.spawn(
              "member", [] { static_cast<void>(sleep_for(std::chrono::seconds(10))); }));
          static_cast<void>(joiners.spawn("one", join));
          static_cast<void>(joiners.spawn("two", join));
          static_cast<void>(joiners.join());
        },
        "two fibers join one task group at once");
  }
}

TEST_CASE("deadline scopes that end out of order, or on another fiber, abort") {
  constexpr std::string_view kSentence = "keep each in a local variable";
  const auto end_the_outer_first = [] {
    auto outer = std::make_unique<DeadlineScope>(deadline_after(std::chrono::hours(2)));
    auto inner = std::make_unique<DeadlineScope>(deadline_after(std::chrono::hours(1)));
    outer.reset();
  };
  const auto end_elsewhere = [] {
    auto scope = std::make_unique<DeadlineScope>(deadline_after(std::chrono::hours(1)));
    TaskGroup group;
    static_cast<void>(group.spawn("other", [&] { scope.reset(); }));
    static_cast<void>(group.join());
  };
  check_told(end_the_outer_first, kSentence);
  check_told(end_elsewhere, kSentence);
  for (const EngineKind kind : test::loop_engines()) {
    on_loop_in_child(
        kind, [&](EventLoop&) { end_the_outer_first(); }, kSentence);
    on_loop_in_child(
        kind, [&](EventLoop&) { end_elsewhere(); }, kSentence);
  }
}

TEST_CASE("a drain hold that ends on another fiber aborts") {
  for (const EngineKind kind : test::loop_engines()) {
    on_loop_in_child(
        kind,
        [](EventLoop&) {
          auto hold = std::make_unique<DrainHold>();
          TaskGroup group;
          static_cast<void>(group.spawn("other", [&] { hold.reset(); }));
          static_cast<void>(group.join());
        },
        "keep it in a local variable");
  }
}

}  // namespace hotline::engine::misuse_test
