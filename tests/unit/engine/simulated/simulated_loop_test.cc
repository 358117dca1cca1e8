#include "engine/simulated/simulated_loop.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/operations/accept.h"
#include "engine/operations/connect.h"
#include "engine/operations/datagrams.h"
#include "engine/operations/read_write.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "engine/operations/wait_ready.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/offload.h"
#include "support/loops.h"
#include "support/simulated.h"

namespace hotline::engine::simulated_loop_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Simulation;

const SocketAddress kPath = test::named("/tmp/x").address(AF_UNIX);

Channel bound(SimulatedLoop& loop, int type = SOCK_STREAM) {
  UniqueFd fd(loop.open_socket(AF_UNIX, type));
  REQUIRE(loop.bind(fd.get(), kPath) == 0);
  if (type == SOCK_STREAM) REQUIRE(loop.listen(fd.get(), 8) == 0);
  return Channel(std::move(fd));
}

Channel connected(SimulatedLoop& loop, int type = SOCK_STREAM) {
  Channel channel{UniqueFd(loop.open_socket(AF_UNIX, type))};
  Connect connect(channel, kPath);
  REQUIRE(loop.perform(connect, Deadline::never()) == 0);
  return Channel(UniqueFd(loop.duplicate(channel.fd())));
}

Channel accepted(SimulatedLoop& loop, Channel& listener) {
  Accept accept(listener);
  return Channel(UniqueFd(loop.perform(accept, Deadline::never())));
}

int send(SimulatedLoop& loop, Channel& channel, std::string_view text) {
  Send operation(channel, as_bytes(text));
  return loop.perform(operation, Deadline::never());
}

/// Returns what is received, or the negated errno or end code as text.
std::string receive(SimulatedLoop& loop, Channel& channel, Deadline deadline = Deadline::never()) {
  Receive operation(channel, loop);
  const int result = loop.perform(operation, deadline);
  if (result <= 0) return std::to_string(result);
  return std::string(as_text(operation.buffer.memory().first(operation.buffer.filled())));
}

}  // namespace

TEST_CASE("time stops while any fiber can run, and then jumps to the next event") {
  Simulation simulation;
  simulation.run([&] {
    const Instant before = now();
    for (int i = 0; i < 100; ++i) simulation.loop.yield();
    CHECK(now() == before);
    CHECK(sleep_for(hours(5)));
    CHECK(now() == before + hours(5));
  });
}

TEST_CASE("the seed decides the order of the fibers") {
  const auto order = [](std::uint64_t seed) {
    Simulation simulation({}, {}, {}, seed);
    std::string text;
    for (const char name : {'a', 'b', 'c', 'd', 'e'}) {
      simulation.start(simulation.a, [&, name] {
        for (int i = 0; i < 5; ++i) {
          text += name;
          simulation.loop.yield();
        }
      });
    }
    CHECK(simulation.run());
    return text;
  };
  CHECK(order(1) == order(1));
  CHECK(order(1) != order(2));
  CHECK(order(1).size() == 25);
}

TEST_CASE("a run ends when it is done, when its time is over, or when no event is left") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  int rounds = 0;
  Program& program = simulation.start(simulation.a, [&] {
    while (sleep_for(seconds(1))) ++rounds;
  });
  const Instant begun = simulation.universe.now;
  CHECK(loop.run_until([&] { return rounds == 3; }, begun + hours(1)));
  CHECK(simulation.universe.now == begun + seconds(3));
  CHECK_FALSE(loop.run_until([] { return false; }, begun + milliseconds(9500)));
  CHECK(rounds == 9);
  CHECK(simulation.universe.now == begun + milliseconds(9500));
  program.fibers.interrupt(kCancelEnd);
  CHECK(simulation.run());
  CHECK_FALSE(loop.run_until([] { return false; }, begun + hours(1)));
  CHECK(simulation.universe.now == begun + milliseconds(9500));
}

TEST_CASE("planned events also run when there is no program, and may start one") {
  Simulation simulation;
  bool has_run = false;
  simulation.universe.after(seconds(2), [&] {
    simulation.start(simulation.a, [&] { has_run = sleep_for(seconds(1)).has_value(); });
  });
  CHECK(simulation.loop.run_until([&] { return has_run; }, simulation.universe.now + hours(1)));
  CHECK(simulation.universe.elapsed() == seconds(3));
  CHECK(simulation.run());
}

TEST_CASE("a receive waits for bytes, for its deadline, for a drain or a cancel") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    Channel listener = bound(loop);
    Channel caller = connected(loop);
    Channel answerer = accepted(loop, listener);
    FiberGroup group(loop);
    std::vector<std::string> received;
    const auto spawn = [&](Deadline deadline) {
      loop.spawn(
          "receiver", [&, deadline] { received.push_back(receive(loop, answerer, deadline)); },
          &group);
    };
    spawn(Deadline::never());
    CHECK(sleep_for(seconds(1)));
    CHECK(send(loop, caller, "late") == 4);
    group.join();
    const Instant before = now();
    spawn(deadline_after(seconds(2)));
    group.join();
    CHECK(now() == before + seconds(2));
    spawn(Deadline::never());
    CHECK(sleep_for(seconds(1)));
    group.interrupt(kDrainEnd);
    group.join();
    FiberGroup other(loop);
    loop.spawn(
        "receiver", [&] { received.push_back(receive(loop, answerer)); }, &other);
    CHECK(sleep_for(seconds(1)));
    other.interrupt(kCancelEnd);
    other.join();
    CHECK(received == std::vector<std::string>{"late", std::to_string(-kDeadlineEnd),
                                               std::to_string(-kDrainEnd),
                                               std::to_string(-kCancelEnd)});
    CHECK(receive(loop, answerer, Deadline::at(now())) == std::to_string(-kDeadlineEnd));
  });
  CHECK(simulation.universe.broken.empty());
}

TEST_CASE("a channel that is closed under a wait ends it") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  std::string received;
  simulation.run([&] {
    Channel listener = bound(loop);
    Channel caller = connected(loop);
    FiberGroup group(loop);
    loop.spawn(
        "receiver", [&] { received = receive(loop, caller); }, &group);
    CHECK(sleep_for(seconds(1)));
    caller.close();
    group.join();
  });
  CHECK(received == std::to_string(-kCancelEnd));
  CHECK(loop.descriptors().describe_open().empty());
}

TEST_CASE("a sender that filled the window continues when the receiver has read") {
  Simulation simulation({}, {.stream_window_bytes = 100});
  SimulatedLoop& loop = simulation.loop;
  std::string received;
  simulation.run([&] {
    Channel listener = bound(loop);
    Channel caller = connected(loop);
    Channel answerer = accepted(loop, listener);
    FiberGroup group(loop);
    loop.spawn(
        "sender",
        [&] {
          for (int i = 0; i < 50; ++i) CHECK(send(loop, caller, "0123456789") > 0);
          loop.shut_down(caller.fd(), SHUT_WR);
        },
        &group);
    for (;;) {
      const std::string more = receive(loop, answerer);
      if (more == "0") break;
      received += more;
    }
    group.join();
  });
  CHECK(received.size() > 400);
  CHECK(simulation.universe.broken.empty());
}

TEST_CASE("a receive that finds no buffer waits until one is returned") {
  Simulation simulation({}, {}, {.receive_memory_max = 64, .receive_buffer_bytes = 64});
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    Channel listener = bound(loop);
    Channel caller = connected(loop);
    Channel answerer = accepted(loop, listener);
    Buffer only = loop.take_buffer();
    REQUIRE(only);
    CHECK_FALSE(loop.take_buffer());
    CHECK(send(loop, caller, "x") == 1);
    CHECK(receive(loop, answerer, deadline_after(seconds(1))) == std::to_string(-kDeadlineEnd));
    FiberGroup group(loop);
    loop.spawn(
        "owner",
        [&] {
          CHECK(sleep_for(seconds(1)));
          only = {};
        },
        &group);
    CHECK(receive(loop, answerer) == "x");
    group.join();
  });
  CHECK(simulation.universe.broken.empty());
}

TEST_CASE("a datagram that waits for room is sent when the receiver has read") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    Channel server = bound(loop, SOCK_DGRAM);
    Channel client = connected(loop, SOCK_DGRAM);
    std::array<mmsghdr, 11> headers{};
    SendDatagrams all(client, headers);
    CHECK(loop.perform(all, Deadline::never()) == 11);
    FiberGroup group(loop);
    int sent = 0;
    int ready = -1;
    loop.spawn(
        "sender",
        [&] {
          WaitReady wait(client, Direction::write);
          ready = loop.perform(wait, Deadline::never());
          SendDatagrams more(client, std::span(headers).first(1));
          sent = loop.perform(more, Deadline::never());
        },
        &group);
    CHECK(sleep_for(seconds(1)));
    CHECK(ready == -1);
    std::byte byte{};
    iovec piece{&byte, 1};
    mmsghdr into{};
    into.msg_hdr.msg_iov = &piece;
    into.msg_hdr.msg_iovlen = 1;
    ReceiveDatagrams one(server, {&into, 1});
    CHECK(loop.perform(one, Deadline::never()) == 1);
    group.join();
    CHECK(ready == 0);
    CHECK(sent == 1);
  });
  CHECK(simulation.universe.broken.empty());
}

TEST_CASE("a fiber that waits for a ready node is reported when time passes") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    Channel server = bound(loop, SOCK_DGRAM);
    // poll(2) reports that an unconnected socket may send, and the full receiver makes it wait.
    Channel client{UniqueFd(loop.open_socket(AF_UNIX, SOCK_DGRAM))};
    std::array<mmsghdr, 12> headers{};
    SocketAddress address = kPath;
    for (mmsghdr& each : headers) {
      each.msg_hdr.msg_name = address.data();
      each.msg_hdr.msg_namelen = static_cast<socklen_t>(address.size());
    }
    SendDatagrams all(client, headers);
    CHECK(loop.perform(all, Deadline::never()) == 11);
    CHECK(loop.perform(all, deadline_after(seconds(1))) == -kDeadlineEnd);
  });
  REQUIRE(simulation.universe.broken.size() == 1);
  CHECK(simulation.universe.broken[0] == "a fiber waits for a datagrams on a that is ready");
}

TEST_CASE("offloaded work takes some time, and completes") {
  Simulation simulation;
  simulation.run([&] {
    const Instant before = now();
    CHECK(offload([] { return 7; }).value() == 7);
    CHECK(now() <= before + milliseconds(50));
    const DeadlineScope scope(Deadline::at(now()));
    CHECK(test::kind_of(offload([] { return 7; })) == "timed_out");
  });
}

TEST_CASE("a loop has its name, and each program has buffers of its own") {
  Simulation simulation;
  BufferPool* first = nullptr;
  simulation.run([&] {
    CHECK(simulation.loop.name() == "simulated");
    CHECK(simulation.loop.is_simulated());
    CHECK(simulation.loop.core_count() > 1);
    CHECK(&simulation.loop.program().host == &simulation.a);
    first = &simulation.loop.program().buffers;
  });
  simulation.run([&] { CHECK(&simulation.loop.program().buffers != first); });
}

}  // namespace hotline::engine::simulated_loop_test
