#include "engine/simulated/interpreter.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "engine/end_code.h"
#include "engine/operations/accept.h"
#include "engine/operations/connect.h"
#include "engine/operations/datagrams.h"
#include "engine/operations/read_write.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "engine/operations/wait_process.h"
#include "engine/operations/wait_ready.h"
#include "support/simulated.h"

namespace hotline::engine::interpreter_test {
namespace {

using test::Simulation;

constexpr std::uint32_t kAlways = 1'000'000;

/// A listener and its caller, on one host, and an interpreter that attempts without waiting.
struct Fixture {
  explicit Fixture(FaultPlan faults = {}) : simulation(faults, {}, {.receive_buffer_bytes = 64}) {}

  /// Runs `body` as a program.
  void run(const std::function<void(Fixture&)>& body) {
    simulation.run([&] { body(*this); });
  }

  int attempt(Operation& operation) {
    return interpreter.attempt(operation, simulation.loop.program());
  }

  Channel open(std::shared_ptr<Node> node) {
    return Channel(UniqueFd(table.open(std::move(node), simulation.loop.program())));
  }

  Simulation simulation;
  DescriptorTable table;
  Interpreter interpreter{simulation.universe, table, simulation.loop};

  const Site target = test::loopback(80);
  const SocketAddress address = target.address(AF_INET);
  std::shared_ptr<StreamNode> listener = simulation.stream(simulation.a);
  std::shared_ptr<StreamNode> caller = simulation.stream(simulation.a);
};

/// Connects, without faults.
std::shared_ptr<StreamNode> connected(Fixture& fixture) {
  const FaultPlan plan = std::exchange(fixture.simulation.universe.plan, {});
  REQUIRE(fixture.simulation.network.bind(*fixture.listener, fixture.target) == 0);
  REQUIRE(fixture.listener->listen(8) == 0);
  fixture.caller->connect(fixture.target);
  fixture.simulation.pass();
  fixture.simulation.universe.plan = plan;
  return fixture.listener->take_caller();
}

}  // namespace

TEST_CASE("an operation on a descriptor that is not open fails") {
  Fixture().run([](Fixture& fixture) {
    Channel none{UniqueFd()};
    Accept accept(none);
    CHECK(fixture.attempt(accept) == -EBADF);
    WaitReady ready(none, Direction::read);
    CHECK(fixture.attempt(ready) == -EBADF);
  });
}

TEST_CASE("an operation on a node of another type fails") {
  Fixture().run([](Fixture& fixture) {
    SimulatedHost& host = fixture.simulation.a;
    Channel counter = fixture.open(std::make_shared<CounterNode>(host));
    Channel datagrams = fixture.open(fixture.simulation.datagrams(host));
    Channel stream = fixture.open(fixture.caller);
    std::byte byte{};
    mmsghdr header{};
    Accept accept(stream);
    CHECK(fixture.attempt(accept) == -EINVAL);
    Connect connect(counter, fixture.address);
    CHECK(fixture.attempt(connect) == -ENOTSOCK);
    Receive receive(datagrams, fixture.simulation.loop, {&byte, 1});
    CHECK(fixture.attempt(receive) == -ENOTSOCK);
    Send send(counter, {&byte, 1});
    CHECK(fixture.attempt(send) == -ENOTSOCK);
    ReceiveDatagrams receive_datagrams(stream, {&header, 1});
    CHECK(fixture.attempt(receive_datagrams) == -ENOTSOCK);
    SendDatagrams send_datagrams(stream, {&header, 1});
    CHECK(fixture.attempt(send_datagrams) == -ENOTSOCK);
    WaitProcess wait(counter);
    CHECK(fixture.attempt(wait) == -EINVAL);
    Read read(stream, {&byte, 1});
    CHECK(fixture.attempt(read) == -EINVAL);
    Write write(counter, {&byte, 1});
    CHECK(fixture.attempt(write) == -EINVAL);
    fixture.table.close_all(fixture.simulation.loop.program());
  });
}

TEST_CASE("an operation that would wait says so, and a ready one returns its result") {
  Fixture().run([](Fixture& fixture) {
    const auto answerer = connected(fixture);
    Channel channel = fixture.open(answerer);
    Channel caller = fixture.open(fixture.caller);
    Channel listener = fixture.open(fixture.listener);
    std::string text(8, '\0');
    const MutableBytes into = std::as_writable_bytes(std::span(text));
    Accept accept(listener);
    CHECK(fixture.attempt(accept) == -EAGAIN);
    WaitReady ready(channel, Direction::read);
    CHECK(fixture.attempt(ready) == -EAGAIN);
    Receive receive(channel, fixture.simulation.loop, into);
    CHECK(fixture.attempt(receive) == -EAGAIN);
    Send send(caller, as_bytes("hello"));
    CHECK(fixture.attempt(send) == 5);
    fixture.simulation.pass();
    CHECK(fixture.attempt(ready) == 0);
    CHECK(fixture.attempt(receive) == 5);
    CHECK(text.starts_with("hello"));
    CHECK_FALSE(receive.buffer);
    fixture.table.close_all(fixture.simulation.loop.program());
  });
}

TEST_CASE("a receive without memory takes a buffer only if there is data for it") {
  Fixture().run([](Fixture& fixture) {
    Channel channel = fixture.open(connected(fixture));
    BufferPool& pool = fixture.simulation.loop.program().buffers;
    Receive receive(channel, fixture.simulation.loop);
    CHECK(fixture.attempt(receive) == -EAGAIN);
    CHECK(pool.taken_count() == 0);
    fixture.caller->send(as_bytes(std::string(100, 'x')));
    fixture.caller->shut_down(SHUT_WR);
    fixture.simulation.pass();
    CHECK(fixture.attempt(receive) == 64);
    CHECK(receive.buffer.filled() == 64);
    CHECK(pool.taken_count() == 1);
    Receive rest(channel, fixture.simulation.loop);
    CHECK(fixture.attempt(rest) == 36);
    Receive end(channel, fixture.simulation.loop);
    CHECK(fixture.attempt(end) == 0);
    CHECK(pool.taken_count() == 2);
    fixture.table.close_all(fixture.simulation.loop.program());
  });
}

TEST_CASE("pieces are sent together, as far as there is room") {
  Fixture().run([](Fixture& fixture) {
    const auto answerer = connected(fixture);
    Channel caller = fixture.open(fixture.caller);
    std::string one = "one";
    std::string none;
    std::string many(fixture.simulation.network.options().stream_window_bytes, 'm');
    std::array<iovec, 3> pieces{
        {{one.data(), one.size()}, {none.data(), 0}, {many.data(), many.size()}}};
    SendVectored send(caller, pieces);
    CHECK(fixture.attempt(send) == static_cast<int>(many.size()));
    CHECK(fixture.attempt(send) == -EAGAIN);
    fixture.simulation.pass();
    std::string text(8, '\0');
    CHECK(answerer->receive(std::as_writable_bytes(std::span(text))) == 8);
    CHECK(text == "onemmmmm");
    fixture.table.close_all(fixture.simulation.loop.program());
  });
}

TEST_CASE("a caller that gets no descriptor stays first in the queue") {
  Fixture().run([](Fixture& fixture) {
    Channel listener = fixture.open(fixture.listener);
    const auto answerer = connected(fixture);
    fixture.listener->put_back(answerer);
    Program& program = fixture.simulation.loop.program();
    program.descriptors_max = program.descriptors;
    Accept accept(listener);
    CHECK(fixture.attempt(accept) == -EMFILE);
    CHECK(fixture.attempt(accept) == -EMFILE);
    ++program.descriptors_max;
    const int fd = fixture.attempt(accept);
    REQUIRE(fd > 0);
    CHECK(fixture.table.find(fd) == answerer.get());
    fixture.table.close_all(program);
  });
}

TEST_CASE("operations of a killed program have no effect") {
  Simulation simulation;
  Program& victim = simulation.start(simulation.a, [&] {
    Channel channel{UniqueFd(simulation.loop.open_counter())};
    WaitReady ready(channel, Direction::write);
    CHECK(simulation.loop.perform(ready, Deadline::never()) == 0);
    simulation.loop.kill(simulation.loop.program());
    CHECK(simulation.loop.perform(ready, Deadline::never()) == -kCancelEnd);
  });
  CHECK(simulation.run());
  CHECK_FALSE(victim.is_alive);
}

TEST_CASE("short reads and writes move at least one byte, and lose none") {
  const FaultPlan plan =
      FaultPlan().set(Fault::short_read, kAlways).set(Fault::short_write, kAlways);
  Fixture(plan).run([](Fixture& fixture) {
    Channel channel = fixture.open(connected(fixture));
    Channel caller = fixture.open(fixture.caller);
    std::set<int> sizes;
    std::string sent;
    for (int i = 0; i < 40; ++i) {
      Send send(caller, as_bytes("0123456789"));
      const int size = fixture.attempt(send);
      REQUIRE(size > 0);
      sizes.insert(size);
      sent += std::string("0123456789").substr(0, static_cast<std::size_t>(size));
    }
    CHECK(sizes.size() > 3);
    CHECK(*sizes.rbegin() <= 10);
    fixture.simulation.pass();
    std::string received;
    while (received.size() < sent.size()) {
      std::string text(16, '\0');
      Receive receive(channel, fixture.simulation.loop, std::as_writable_bytes(std::span(text)));
      const int size = fixture.attempt(receive);
      REQUIRE(size > 0);
      received += text.substr(0, static_cast<std::size_t>(size));
    }
    CHECK(received == sent);
    fixture.table.close_all(fixture.simulation.loop.program());
  });
}

TEST_CASE("errors strike operations that are ready, and never those that must wait") {
  const FaultPlan plan = FaultPlan().set(Fault::accept_failure, kAlways);
  Fixture(plan).run([](Fixture& fixture) {
    Channel listener = fixture.open(fixture.listener);
    const auto answerer = connected(fixture);
    Accept accept(listener);
    CHECK(fixture.attempt(accept) == -EAGAIN);
    CHECK(fixture.simulation.universe.counts.total() == 0);
    fixture.listener->put_back(answerer);
    std::set<int> errors;
    for (int i = 0; i < 50; ++i) errors.insert(fixture.attempt(accept));
    CHECK(errors == std::set{-EMFILE, -ENFILE, -ECONNABORTED});
    CHECK(fixture.listener->take_caller() == answerer);
    fixture.table.close_all(fixture.simulation.loop.program());
  });
}

TEST_CASE("in an outage every accept fails in the same way, until it is over") {
  const FaultPlan plan = FaultPlan().set(Fault::accept_outage, kAlways);
  std::set<int> errors;
  Fixture(plan).run([&](Fixture& fixture) {
    Channel listener = fixture.open(fixture.listener);
    const auto answerer = connected(fixture);
    Accept accept(listener);
    CHECK(fixture.attempt(accept) == -EAGAIN);
    fixture.listener->put_back(answerer);
    for (int i = 0; i < 100; ++i) {
      const int error = fixture.attempt(accept);
      CHECK(fixture.attempt(accept) == error);
      errors.insert(error);
      fixture.simulation.universe.now = fixture.simulation.loop.program().accepts_again_at;
    }
    CHECK(fixture.listener->take_caller() == answerer);
    CHECK(fixture.attempt(accept) == -EAGAIN);
    fixture.table.close_all(fixture.simulation.loop.program());
  });
  CHECK(errors ==
        std::set{-EMFILE, -ENFILE, -ENOBUFS, -ENOMEM, -EPERM, -EOPNOTSUPP, -ECONNABORTED});
}

TEST_CASE("a lack of memory or buffers affects sockets only") {
  for (const auto& [fault, error] :
       {std::pair(Fault::no_memory, ENOMEM), std::pair(Fault::no_buffer_space, ENOBUFS)}) {
    Fixture(FaultPlan().set(fault, kAlways)).run([error](Fixture& fixture) {
      const auto answerer = connected(fixture);
      Channel caller = fixture.open(fixture.caller);
      auto counted = std::make_shared<CounterNode>(fixture.simulation.a);
      counted->add();
      Channel counter = fixture.open(counted);
      Send send(caller, as_bytes("x"));
      CHECK(fixture.attempt(send) == -error);
      std::uint64_t taken = 0;
      Read read(counter, std::as_writable_bytes(std::span(&taken, 1)));
      CHECK(fixture.attempt(read) == 8);
      fixture.table.close_all(fixture.simulation.loop.program());
    });
  }
}

}  // namespace hotline::engine::interpreter_test
