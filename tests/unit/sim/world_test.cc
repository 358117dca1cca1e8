#include "hotline/sim/world.h"

#include <array>
#include <csignal>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/signals.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "support/loops.h"

namespace hotline::sim::world_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Failed assertions format their text, which takes more stack than a handler does.
WorldOptions roomy(FaultPlan faults = {}) {
  WorldOptions options;
  options.faults = faults;
  options.loop.fiber_stack_bytes = 256 * 1024;
  return options;
}

/// Echoes what it receives, with a fiber for each caller, until it is drained.
void echo(const std::string& uri) {
  auto listener = listen(uri);
  if (!listener) return;
  TaskGroup group;
  for (;;) {
    auto caller = listener->accept();
    if (!caller && caller.error().kind != ErrorKind::resource_exhausted) break;
    if (!caller) {
      static_cast<void>(sleep_for(milliseconds(10)));
      continue;
    }
    static_cast<void>(group.spawn("echo", [stream = std::make_unique<Stream>(std::move(*caller))] {
      while (auto bytes = stream->receive()) {
        if (!stream->write_all(*bytes)) return;
      }
    }));
  }
  group.drain();
  static_cast<void>(group.join());
}

/// Returns the reply to `text`, or the kind of the error.
std::string ask(const std::string& uri, std::string_view text) {
  auto stream = connect(uri);
  if (!stream) return test::kind_of(stream);
  if (auto written = stream->write_all(as_bytes(text)); !written) return test::kind_of(written);
  std::string reply(text.size(), '\0');
  auto read = stream->read_exact(std::as_writable_bytes(std::span(reply)));
  return read ? reply : test::kind_of(read);
}

/// A server and a client that calls now and then.
Outcome run_calls(std::uint64_t seed, WorldOptions options, int* replies = nullptr) {
  World world(seed, std::move(options));
  world.host("a").run([] { echo("tcp://:8000"); });
  world.host("b").run([replies] {
    static_cast<void>(sleep_for(milliseconds(1)));
    for (int i = 0; i < 10; ++i) {
      if (ask("tcp://a:8000", "hello " + std::to_string(i)).starts_with("hello")) {
        if (replies != nullptr) ++*replies;
      }
    }
  });
  return world.run();
}

}  // namespace

TEST_CASE("a server and a client talk, the server is drained at the end, and everything holds") {
  int replies = 0;
  const Outcome outcome = run_calls(1, roomy(), &replies);
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  CHECK(outcome.to_string().empty());
  CHECK(replies == 10);
  CHECK(outcome.faults.total() == 0);
  CHECK(outcome.simulated > milliseconds(1));
  CHECK(outcome.simulated < seconds(10));
}

TEST_CASE("the same seed gives the same run, another one another run") {
  for (const bool has_faults : {false, true}) {
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const FaultPlan plan = has_faults ? FaultPlan::of_seed(seed) : FaultPlan();
      const Outcome one = run_calls(seed, roomy(plan));
      const Outcome same = run_calls(seed, roomy(plan));
      INFO(one.to_string());
      CHECK(one.holds());
      CHECK(one.trace_hash == same.trace_hash);
      CHECK(one.simulated == same.simulated);
      CHECK(one.faults.of == same.faults.of);
      hashes.insert(one.trace_hash);
    }
    CHECK(hashes.size() == 20);
  }
}

TEST_CASE("a trace does not change the run") {
  std::vector<std::string> lines;
  WorldOptions told = roomy();
  told.trace = [&](std::string_view line) { lines.emplace_back(line); };
  CHECK(run_calls(3, told).trace_hash == run_calls(3, roomy()).trace_hash);
  CHECK(lines.size() > 20);
}

TEST_CASE("a host is made once, and has a name and addresses") {
  World world(9);
  CHECK(world.seed() == 9);
  CHECK(world.host("a").name() == "a");
  CHECK(world.host("b").address() == "10.0.0.2");
  CHECK(world.host("a").address() == "10.0.0.1");
  CHECK(world.host("b").address(1) == "10.0.1.2");
  CHECK(world.host("b").address(2) == "fd00::2");
  CHECK_THROWS_AS(world.host("b").address(3), std::out_of_range);
  CHECK(world.elapsed() == Duration(0));
}

TEST_CASE("programs talk over every transport, by name and by number") {
  for (const std::string& address :
       {std::string("tcp://a:8000"), std::string("tcp://10.0.0.1:8000"),
        std::string("tcp://10.0.1.1:8000"), std::string("tcp://[fd00::1]:8000")}) {
    World world(1, roomy());
    std::string reply;
    world.host("a").run([] { echo("tcp://:8000"); });
    world.host("b").run([&] {
      CHECK(sleep_for(seconds(1)));
      reply = ask(address, "hello");
    });
    const Outcome outcome = world.run();
    INFO(outcome.to_string());
    CHECK(outcome.holds());
    CHECK(reply == "hello");
  }
  World world(1, roomy());
  std::string there;
  std::string elsewhere;
  world.host("a").run([] { echo("unix:///tmp/x"); });
  world.host("a").run([&] {
    CHECK(sleep_for(seconds(1)));
    there = ask("unix:///tmp/x", "hello");
  });
  world.host("b").run([&] {
    CHECK(sleep_for(seconds(1)));
    elsewhere = ask("unix:///tmp/x", "hello");
  });
  CHECK(world.run().holds());
  CHECK(there == "hello");
  CHECK(elsewhere == "not_found");
}

TEST_CASE("datagrams are answered from the address that was called") {
  for (const std::string& uri : {std::string("udp://10.0.1.1:80"), std::string("udp://a:80"),
                                 std::string("udp://[fd00::1]:80")}) {
    World world(1, roomy());
    std::string reply;
    world.host("a").run([] {
      auto socket = bind_datagrams(*Endpoint::parse("udp://:80"));
      REQUIRE(socket);
      while (auto datagram = socket->receive()) {
        CHECK(socket->send({datagram->bytes, datagram->route}));
      }
    });
    world.host("b").run([&] {
      CHECK(sleep_for(seconds(1)));
      auto socket = connect_datagrams(*Endpoint::parse(uri));
      REQUIRE(socket);
      CHECK(socket->send({as_bytes("hello"), nullptr}));
      const auto datagram = socket->receive(deadline_after(seconds(1)));
      reply = datagram ? std::string(as_text(datagram->bytes)) : test::kind_of(datagram);
    });
    const Outcome outcome = world.run();
    INFO(outcome.to_string());
    CHECK(outcome.holds());
    CHECK(reply == "hello");
  }
}

TEST_CASE("a host that is killed leaves its callers a reset or an end, and another can take over") {
  World world(1, roomy());
  std::string first;
  std::string between;
  std::string second;
  world.host("a").run([] { echo("tcp://:8000"); });
  world.host("b").run([&] {
    CHECK(sleep_for(seconds(1)));
    auto stream = connect("tcp://a:8000");
    REQUIRE(stream);
    first = test::kind_of(stream->receive());
    between = ask("tcp://a:8000", "hello");
    CHECK(sleep_for(seconds(5)));
    second = ask("tcp://a:8000", "hello");
  });
  world.at(seconds(2), [&] { world.host("a").kill(); });
  world.at(seconds(4), [&] { world.host("a").run([] { echo("tcp://:8000"); }); });
  const Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  CHECK((first == "closed" || first == "reset"));
  CHECK(between == "refused");
  CHECK(second == "hello");
}

TEST_CASE("planned events occur even if no program is left until then") {
  World world(1, roomy());
  bool has_run = false;
  world.host("a").run([] {});
  world.at(hours(1),
           [&] { world.host("a").run([&] { has_run = sleep_for(hours(1)).has_value(); }); });
  const Outcome outcome = world.run();
  CHECK(outcome.holds());
  CHECK(has_run);
  CHECK(outcome.simulated == hours(2));
}

TEST_CASE("a run stops when it is done, and can be continued") {
  World world(1, roomy());
  int rounds = 0;
  world.host("a").run([&] {
    for (; rounds < 10; ++rounds) CHECK(sleep_for(minutes(1)));
  });
  CHECK(world.run_until([&] { return rounds == 4; }));
  CHECK(world.elapsed() == minutes(4));
  CHECK_FALSE(world.run_until([&] { return rounds == 11; }));
  CHECK(world.elapsed() == minutes(10));
  CHECK(world.run().holds());
}

TEST_CASE("a signal goes to a program that waits for it and kills another") {
  World world(1, roomy());
  int taken = 0;
  std::string slept;
  world.host("a").run([&] {
    auto signals = Signals::block(std::array{SIGHUP});
    REQUIRE(signals);
    taken = signals->wait().value_or(-1);
  });
  world.host("a").run([&] { slept = test::kind_of(sleep_for(hours(1))); });
  world.at(seconds(1), [&] { world.host("a").signal(SIGHUP); });
  const Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  CHECK(taken == SIGHUP);
  CHECK(slept == "cancelled");
  CHECK(outcome.simulated < hours(1));
}

TEST_CASE(
    "at the end programs that wait for SIGTERM get it, others are drained, the rest cancelled") {
  World world(1, roomy());
  int taken = 0;
  std::string accepted;
  std::string forgotten;
  world.host("a").run([&] {
    auto signals = Signals::block(std::array{SIGTERM});
    REQUIRE(signals);
    taken = signals->wait().value_or(-1);
  });
  world.host("a").run([&] {
    {
      auto signals = Signals::block(std::array{SIGTERM});
      REQUIRE(signals);
    }
    auto listener = listen("tcp://:80");
    REQUIRE(listener);
    accepted = test::kind_of(listener->accept());
  });
  world.host("b").run([&] { forgotten = test::kind_of(sleep_until(Deadline::never())); });
  const Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  CHECK(taken == SIGTERM);
  CHECK(accepted == "draining");
  CHECK(forgotten == "cancelled");
}

TEST_CASE("a partition heals") {
  World world(1, roomy());
  std::string reply;
  Duration took{};
  world.host("a").run([] { echo("tcp://:8000"); });
  world.host("b").run([&] {
    CHECK(sleep_for(seconds(1)));
    const Instant before = now();
    reply = ask("tcp://a:8000", "hello");
    took = now() - before;
  });
  world.part(world.host("a"), world.host("b"), seconds(20));
  CHECK(world.run().holds());
  CHECK(reply == "hello");
  CHECK(took > seconds(18));
  CHECK(took < seconds(21));
}

TEST_CASE("a partition that lasts too long makes a call time out") {
  World world(1, roomy());
  std::string reply;
  world.host("a").run([] { echo("tcp://:8000"); });
  world.host("b").run([&] { reply = ask("tcp://a:8000", "hello"); });
  world.part(world.host("a"), world.host("b"), minutes(10));
  CHECK(world.run().holds());
  CHECK(reply == "timed_out");
}

TEST_CASE("a connection that the kernel gives up is unresponsive, one that we give up timed out") {
  for (const Duration allowed : {Duration(minutes(1)), Duration(minutes(10))}) {
    World world(1, roomy(FaultPlan().set(Fault::connect_timeout, 1'000'000)));
    Error error;
    world.host("a").run([] { echo("tcp://:8000"); });
    world.host("b").run([&] {
      ConnectOptions options;
      options.timeout = allowed;
      if (auto stream = connect("tcp://a:8000", options); !stream) error = stream.error();
    });
    CHECK(world.run().holds());
    const bool is_ours = allowed == minutes(1);
    CHECK(error.kind == (is_ours ? ErrorKind::timed_out : ErrorKind::unresponsive));
    CHECK((error.native_code == 0) == is_ours);
    CHECK(error.message().starts_with("cannot connect to tcp://"));
  }
}

TEST_CASE("a host's wall clock steps and drifts, and keeps its drift") {
  World world(1, roomy());
  Host host = world.host("a");
  std::vector<Duration> passed;
  host.run([&] {
    auto last = wall_clock_now();
    for (int i = 0; i < 4; ++i) {
      CHECK(sleep_for(seconds(1000)));
      passed.push_back(wall_clock_now() - last);
      last = wall_clock_now();
    }
  });
  world.at(seconds(500), [=]() mutable { host.step_clock(-hours(1)); });
  world.at(seconds(1000), [=]() mutable { host.set_clock_drift(1000); });
  world.at(seconds(2500), [=]() mutable { host.set_clock_drift(-1000); });
  CHECK(world.run().holds());
  CHECK(passed == std::vector<Duration>{seconds(1000) - hours(1), seconds(1001), seconds(1000),
                                        seconds(999)});
}

TEST_CASE("a host has a limited number of descriptors, and a caller waits until there is one") {
  World world(1, roomy());
  Host host = world.host("a");
  std::string reply;
  host.set_descriptors_max(1);
  host.run([&] {
    auto listener = listen("tcp://:80");
    REQUIRE(listener);
    CHECK(test::kind_of(listener->accept()) == "resource_exhausted");
    host.set_descriptors_max(2);
    auto stream = listener->accept();
    REQUIRE(stream);
    CHECK(stream->write_all(as_bytes("hello")));
  });
  world.host("b").run([&] {
    CHECK(sleep_for(seconds(1)));
    auto stream = connect("tcp://a:80");
    REQUIRE(stream);
    auto bytes = stream->receive();
    reply = bytes ? std::string(as_text(*bytes)) : test::kind_of(bytes);
  });
  const Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  CHECK(reply == "hello");
}

}  // namespace hotline::sim::world_test
