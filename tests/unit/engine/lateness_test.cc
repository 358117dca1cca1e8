#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "engine/operations/accept.h"
#include "engine/operations/receive.h"
#include "engine/plain_wait.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"
#include "support/sockets.h"

// A process may be stopped, or its machine suspended, past a deadline. What arrived before the
// deadline must not be lost because the loop sees it only afterwards.

namespace hotline::engine::lateness_test {
namespace {

using std::chrono::milliseconds;

/// A loop whose clock and events belong to the test: each turn runs the next of `turns`.
class ScriptedLoop final : public EventLoop {
 public:
  ScriptedLoop() : EventLoop({}) {}

  std::string_view name() const override { return "scripted"; }
  Buffer take_buffer() override { return {}; }
  void unwatch(Channel&) override {}
  Instant read_clock() override { return time; }
  Instant read_coarse_clock() override { return time; }

  Instant time{std::chrono::hours(1)};
  bool sleeps = false;  ///< Without a turn it sleeps until the deadline, for a time, as kernels do.
  std::deque<std::function<void()>> turns;

 protected:
  int interpret(Operation&, Deadline) override { return -ENOSYS; }
  void withdraw(Channel&) override {}
  void abandon(Channel&) override {}
  void begin_watch(Channel&, ReadWatch&) override {}
  void turn(Deadline until) override {
    if (turns.empty()) {
      if (sleeps && !until.has_passed(now())) time += until.instant() - now();
      return;
    }
    auto next = std::move(turns.front());
    turns.pop_front();
    next();
  }
};

/// The thread does not run until `deadline` has passed.
void stop_past(Deadline deadline) {
  while (!deadline.has_passed(Engine::current().read_clock())) continue;
}

/// `count` pairs, of which `ours` wait to receive until `deadline` while the others send.
struct Receivers {
  explicit Receivers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto [mine, other] = test::stream_pair();
      ours.push_back(std::make_unique<Channel>(std::move(mine)));
      peers.push_back(std::move(other));
    }
  }

  std::vector<std::unique_ptr<Channel>> ours;
  std::vector<UniqueFd> peers;
};

/// Calls `test_with` with longer and longer timeouts until it returns true: what had to be done
/// before the deadline was done in time. A machine may be too busy for any timeout.
void until_in_time(const std::function<bool(Duration timeout)>& test_with) {
  for (Duration timeout = milliseconds(5); !test_with(timeout); timeout *= 2) continue;
}

int receive_until(EventLoop& loop, Channel& channel, Deadline deadline) {
  Receive receive(channel, loop);
  return loop.perform(receive, deadline);
}

/// Returns how many receive what is sent while the loop does not check until after their deadline;
/// nullopt if that passed before all was sent.
std::optional<std::size_t> receive_late(EventLoop& loop, Receivers& receivers, Duration timeout) {
  const Deadline deadline = Deadline::after(loop.read_clock(), timeout);
  std::size_t received = 0;
  FiberGroup group(loop);
  for (const auto& channel : receivers.ours) {
    REQUIRE(loop.spawn(
        "receiver", [&] { received += receive_until(loop, *channel, deadline) == 4; }, &group));
  }
  // They begin to wait, and the loop submits that to the kernel.
  loop.yield();
  loop.yield();
  for (const UniqueFd& peer : receivers.peers) test::send_text(peer.get(), "time");
  const bool is_in_time = !deadline.has_passed(loop.read_clock());
  stop_past(deadline);
  group.join();
  return is_in_time ? std::optional(received) : std::nullopt;
}

/// Reports that nothing has arrived; in that moment something arrives and the deadline passes.
class ReceiveOfStoppedThread final : public Operation {
 public:
  ReceiveOfStoppedThread(Channel& channel, int peer, Deadline deadline)
      : Operation(Kind::receive, channel, Direction::read), peer_(peer), deadline_(deadline) {}

  int attempt() noexcept override {
    Receive receive(channel(), Engine::current());
    const int result = receive.attempt();
    if (result == -EAGAIN) {
      test::send_text(peer_, "in time");
      stop_past(deadline_);
    }
    return result;
  }

 private:
  int peer_;
  Deadline deadline_;
};

}  // namespace

TEST_CASE("a loop does not sleep longer because fibers have computed") {
  for (const auto& [computed, slept] : {std::pair(95, 100), std::pair(100, 100), {150, 150}}) {
    CAPTURE(computed);
    ScriptedLoop loop;
    loop.sleeps = true;
    const Instant began = loop.time;
    Duration took{0};
    loop.spawn("sleeps", [&] {
      CHECK(sleep_for(milliseconds(100)));
      took = loop.time - began;
    });
    loop.spawn("computes", [&] { loop.time += milliseconds(computed); });
    loop.run();
    CHECK(took == milliseconds(slept));
  }
}

TEST_CASE("a fiber that has computed sleeps as long as it asks for") {
  ScriptedLoop loop;
  loop.sleeps = true;
  Duration took{0};
  loop.spawn("computes and sleeps", [&] {
    loop.time += milliseconds(50);
    const Instant began = loop.time;
    CHECK(sleep_for(milliseconds(20)));
    took = loop.time - began;
  });
  loop.spawn("is ready", [&] {
    for (int turn = 0; turn < 5; ++turn) loop.yield();
  });
  loop.run();
  CHECK(took == milliseconds(20));
}

TEST_CASE("a timeout of a fiber that has computed begins when it waits") {
  ScriptedLoop loop;
  loop.spawn("computes", [&] {
    loop.time += milliseconds(50);
    CHECK(loop.timeout_start() == loop.time);
    CHECK(deadline_after(milliseconds(1)) == Deadline::at(loop.time + milliseconds(1)));
    CHECK(loop.now() == loop.time - milliseconds(50));
  });
  loop.run();
}

TEST_CASE("an event before the deadline ends the wait, even if it is seen after it") {
  ScriptedLoop loop;
  PlainWait wait(loop);
  int result = 0;
  loop.spawn("test", [&] { result = loop.park(wait, Deadline::at(loop.time + milliseconds(10))); });
  // The process is stopped: the wait for events is interrupted, and has reported nothing.
  loop.turns.push_back([&] { loop.time += milliseconds(100); });
  loop.turns.push_back([&] { loop.complete(wait, 7); });
  loop.run();
  CHECK(result == 7);
}

TEST_CASE("a deadline ends a wait in the first check after it that finds nothing") {
  ScriptedLoop loop;
  PlainWait wait(loop);
  int result = 0;
  loop.spawn("test", [&] { result = loop.park(wait, Deadline::at(loop.time + milliseconds(10))); });
  loop.turns.push_back([&] { loop.time += milliseconds(10); });
  bool has_looked = false;
  loop.turns.push_back([&] { has_looked = true; });
  bool is_too_late = true;
  loop.turns.push_back([&] { is_too_late = false; });
  loop.run();
  CHECK(has_looked);
  CHECK(is_too_late);
  CHECK(result == -kDeadlineEnd);
}

TEST_CASE("a fiber woken by the fiber of a late event is woken in time") {
  ScriptedLoop loop;
  const Deadline deadline = Deadline::at(loop.time + milliseconds(10));
  PlainWait wait(loop);
  LoopEvent event(loop);
  int result = 1;
  loop.spawn("first", [&] {
    CHECK(loop.park(wait, Deadline::never()) == 0);
    event.set();
  });
  loop.spawn("second", [&] { result = event.wait(deadline); });
  loop.turns.push_back([&] {
    loop.time += milliseconds(100);
    loop.complete(wait, 0);
  });
  loop.run();
  CHECK(result == 0);
}

TEST_CASE("receives get what arrived in time, however late and however many the loop checks") {
  test::on_each_loop([](EventLoop& loop) {
    // More than an engine reports in one check: events of epoll, buffers and completions of uring.
    constexpr std::size_t kCount = 400;
    until_in_time([&](Duration timeout) {
      Receivers receivers(kCount);
      const auto received = receive_late(loop, receivers, timeout);
      if (received) CHECK(*received == kCount);
      return received.has_value();
    });
  });
}

TEST_CASE("receives with nothing to receive end at their deadline, beside those with data") {
  test::on_each_loop([](EventLoop& loop) {
    until_in_time([&](Duration timeout) {
      Receivers receivers(2);
      const Deadline deadline = Deadline::after(loop.read_clock(), timeout);
      int results[] = {0, 0};
      FiberGroup group(loop);
      for (const std::size_t i : {0U, 1U}) {
        REQUIRE(loop.spawn(
            "receiver", [&, i] { results[i] = receive_until(loop, *receivers.ours[i], deadline); },
            &group));
      }
      loop.yield();
      test::send_text(receivers.peers[1].get(), "one");
      const bool is_in_time = !deadline.has_passed(loop.read_clock());
      stop_past(deadline);
      group.join();
      CHECK(results[0] == -kDeadlineEnd);
      if (is_in_time) CHECK(results[1] == 3);
      return is_in_time;
    });
  });
}

TEST_CASE("an accept gets a caller that arrived in time, however late the loop checks") {
  test::on_each_loop([](EventLoop& loop) {
    until_in_time([&](Duration timeout) {
      auto [listening, port] = test::tcp_listener();
      Channel listener(std::move(listening));
      const Deadline deadline = Deadline::after(loop.read_clock(), timeout);
      int result = 0;
      FiberGroup group(loop);
      loop.spawn(
          "acceptor",
          [&] {
            Accept accept(listener, Accept::Ahead::allowed);
            result = loop.perform(accept, deadline);
          },
          &group);
      loop.yield();
      const UniqueFd caller = test::connect_tcp(port);
      const bool is_in_time = !deadline.has_passed(loop.read_clock());
      stop_past(deadline);
      group.join();
      if (is_in_time) CHECK(result >= 0);
      const UniqueFd accepted(result);
      return is_in_time;
    });
  });
}

TEST_CASE("offloaded work that was done in time is not given up, however late the loop checks") {
  test::on_each_loop([](EventLoop& loop) {
    until_in_time([&](Duration timeout) {
      const Deadline deadline = Deadline::after(loop.read_clock(), timeout);
      const auto is_done = std::make_shared<std::atomic<bool>>(false);
      int result = 1;
      FiberGroup group(loop);
      loop.spawn(
          "asker",
          [&] {
            const DeadlineScope scope(deadline);
            result = loop.offload([is_done] { *is_done = true; });
          },
          &group);
      loop.yield();
      while (!*is_done && !deadline.has_passed(loop.read_clock())) std::this_thread::yield();
      const bool is_in_time = *is_done && !deadline.has_passed(loop.read_clock());
      stop_past(deadline);
      group.join();
      if (is_in_time) CHECK(result == 0);
      return is_in_time;
    });
  });
}

TEST_CASE("a thread that did not run past its deadline receives what arrived in time") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const Deadline deadline = deadline_after(milliseconds(5));
  ReceiveOfStoppedThread receive(channel, peer.get(), deadline);
  CHECK(Engine::current().perform(receive, deadline) == 7);
}

}  // namespace hotline::engine::lateness_test
