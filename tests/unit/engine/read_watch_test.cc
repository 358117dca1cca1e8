#include "engine/read_watch.h"

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "engine/operations/accept.h"
#include "engine/operations/connect.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/simulated.h"
#include "support/sockets.h"

namespace hotline::engine::read_watch_test {
namespace {

/// Counts how often it was notified, and can be waited for.
class CountedWatch final : public ReadWatch {
 public:
  explicit CountedWatch(EventLoop& loop) : told_(loop) {}

  void ready() noexcept override {
    ++count_;
    told_.set();
  }
  bool is_told() { return told_.wait(deadline_after(std::chrono::seconds(10))) == 0; }
  int count() const { return count_; }

 private:
  LoopEvent told_;
  int count_ = 0;
};

using Pair = std::pair<std::unique_ptr<Channel>, std::unique_ptr<Channel>>;

Pair system_pair() {
  auto [ours, peer] = test::stream_pair();
  return {std::make_unique<Channel>(std::move(ours)), std::make_unique<Channel>(std::move(peer))};
}

Pair simulated_pair(test::Simulation& simulation, const std::string& path) {
  const SocketAddress address = test::named(path).address(AF_UNIX);
  SimulatedLoop& loop = simulation.loop;
  Channel listener{UniqueFd(loop.open_socket(AF_UNIX, SOCK_STREAM))};
  REQUIRE(loop.bind(listener.fd(), address) == 0);
  REQUIRE(loop.listen(listener.fd(), 8) == 0);
  auto peer = std::make_unique<Channel>(UniqueFd(loop.open_socket(AF_UNIX, SOCK_STREAM)));
  Connect connect(*peer, address);
  REQUIRE(loop.perform(connect, Deadline::never()) == 0);
  Accept accept(listener);
  auto ours = std::make_unique<Channel>(UniqueFd(loop.perform(accept, Deadline::never())));
  loop.remove_path(path);
  return {std::move(ours), std::move(peer)};
}

/// A loop, and a way to make two connected sockets on it.
struct Ground {
  EventLoop& loop;
  std::function<Pair()> make_pair;

  /// Lets the loop process everything that has arrived.
  void settle() const {
    if (loop.is_simulated()) {
      CHECK(sleep_for(std::chrono::seconds(1)));
    } else {
      for (int i = 0; i < 10; ++i) loop.yield();
    }
  }
};

/// Runs on each loop of the system, and on the simulated one.
void on_all_loops(const std::function<void(const Ground&)>& body) {
  test::on_each_loop([&](EventLoop& loop) { body({loop, system_pair}); });
  INFO("on the engine simulated");
  test::Simulation simulation;
  int pair_count = 0;
  bool has_ended = false;
  simulation.run([&] {
    body({simulation.loop,
          [&] { return simulated_pair(simulation, "/tmp/" + std::to_string(++pair_count)); }});
    has_ended = true;
  });
  CHECK(has_ended);
}

void send(EventLoop& loop, Channel& channel, std::string_view text) {
  Send operation(channel, as_bytes(text));
  REQUIRE(loop.perform(operation, Deadline::never()) == static_cast<int>(text.size()));
}

/// Returns what is received, or the negated errno or end code as text.
std::string receive(EventLoop& loop, Channel& channel, Deadline deadline = Deadline::never()) {
  Receive operation(channel, loop);
  const int result = loop.perform(operation, deadline);
  if (result <= 0) return std::to_string(result);
  return std::string(as_text(operation.buffer.memory().first(operation.buffer.filled())));
}

}  // namespace

TEST_CASE("a watch is notified once, however much arrives") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    CountedWatch watch(ground.loop);
    ground.loop.watch(*ours, watch);
    ground.settle();
    CHECK(watch.count() == 0);
    send(ground.loop, *peer, "one,");
    CHECK(watch.is_told());
    send(ground.loop, *peer, "two");
    ground.settle();
    CHECK(watch.count() == 1);
    std::string text;
    while (text.size() < 7) text += receive(ground.loop, *ours);
    CHECK(text == "one,two");
  });
}

TEST_CASE("a watch is notified of what arrived before the channel was ever waited on") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    send(ground.loop, *peer, "early");
    ground.settle();
    CountedWatch watch(ground.loop);
    ground.loop.watch(*ours, watch);
    CHECK(watch.is_told());
    CHECK(receive(ground.loop, *ours) == "early");
  });
}

TEST_CASE("a watch is notified of what arrived since the last receive") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    send(ground.loop, *peer, "one");
    CHECK(receive(ground.loop, *ours) == "one");
    send(ground.loop, *peer, "two");
    ground.settle();
    CountedWatch watch(ground.loop);
    ground.loop.watch(*ours, watch);
    CHECK(watch.is_told());
    CHECK(receive(ground.loop, *ours) == "two");
  });
}

TEST_CASE("a watch is notified of the peer's end each time that it is begun") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    CountedWatch watch(ground.loop);
    ground.loop.watch(*ours, watch);
    peer->close();
    CHECK(watch.is_told());
    ground.loop.watch(*ours, watch);
    CHECK(watch.is_told());
    CHECK(receive(ground.loop, *ours) == "0");
    ground.loop.watch(*ours, watch);
    CHECK(watch.is_told());
    CHECK(watch.count() == 3);
  });
}

TEST_CASE("a watch is notified of an end before it was begun, registered or not") {
  on_all_loops([](const Ground& ground) {
    for (const bool was_waited_on : {false, true}) {
      CAPTURE(was_waited_on);
      auto [ours, peer] = ground.make_pair();
      if (was_waited_on) {
        send(ground.loop, *peer, "x");
        CHECK(receive(ground.loop, *ours) == "x");
      }
      peer->close();
      ground.settle();
      CountedWatch watch(ground.loop);
      ground.loop.watch(*ours, watch);
      CHECK(watch.is_told());
      CHECK(receive(ground.loop, *ours) == "0");
    }
  });
}

TEST_CASE("a watch is notified of a reset") {
  test::on_each_loop([](EventLoop& loop) {
    const auto [listener, port] = test::tcp_listener();
    UniqueFd peer = test::connect_tcp(port);
    test::wait_readable(listener.get());
    Channel ours(UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK)));
    CountedWatch watch(loop);
    loop.watch(ours, watch);
    const linger none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    peer.reset();
    CHECK(watch.is_told());
    CHECK(receive(loop, ours) == std::to_string(-ECONNRESET));
  });
}

TEST_CASE("after unwatch a watch is not notified, and what arrives is kept") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    CountedWatch watch(ground.loop);
    ground.loop.watch(*ours, watch);
    ground.settle();
    ground.loop.unwatch(*ours);
    send(ground.loop, *peer, "kept");
    ground.settle();
    CHECK(watch.count() == 0);
    ground.loop.watch(*ours, watch);
    CHECK(watch.is_told());
    CHECK(receive(ground.loop, *ours) == "kept");
  });
}

TEST_CASE("unwatch without a watch is allowed") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    ground.loop.unwatch(*ours);
    CountedWatch watch(ground.loop);
    ground.loop.watch(*ours, watch);
    send(ground.loop, *peer, "x");
    CHECK(watch.is_told());
    ground.loop.unwatch(*ours);
    ground.loop.unwatch(*ours);
    CHECK(receive(ground.loop, *ours) == "x");
    CHECK(watch.count() == 1);
  });
}

TEST_CASE("a watch is notified once when its channel is closed") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    CountedWatch watch(ground.loop);
    ground.loop.watch(*ours, watch);
    ground.settle();
    ours->close();
    CHECK(watch.is_told());
    ground.settle();
    CHECK(watch.count() == 1);
  });
}

TEST_CASE("a watch begun again after each receive is notified each time") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    CountedWatch watch(ground.loop);
    for (int i = 0; i < 100; ++i) {
      ground.loop.watch(*ours, watch);
      send(ground.loop, *peer, std::to_string(i));
      CHECK(watch.is_told());
      CHECK(receive(ground.loop, *ours) == std::to_string(i));
    }
    CHECK(watch.count() == 100);
  });
}

TEST_CASE("a watch begun again without a receive is notified of the same bytes again") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    send(ground.loop, *peer, "unread");
    CountedWatch watch(ground.loop);
    for (int i = 1; i <= 3; ++i) {
      ground.loop.watch(*ours, watch);
      CHECK(watch.is_told());
      CHECK(watch.count() == i);
    }
    CHECK(receive(ground.loop, *ours) == "unread");
  });
}

TEST_CASE("an attempt that finds nothing does not prevent a later watch from being notified") {
  on_all_loops([](const Ground& ground) {
    auto [ours, peer] = ground.make_pair();
    CountedWatch watch(ground.loop);
    for (int i = 0; i < 10; ++i) {
      CHECK(receive(ground.loop, *ours, Deadline::at(now())) == std::to_string(-kDeadlineEnd));
      ground.loop.watch(*ours, watch);
      send(ground.loop, *peer, "x");
      CHECK(watch.is_told());
      CHECK(receive(ground.loop, *ours) == "x");
    }
  });
}

TEST_CASE("what another loop had received is notified at once, and its end too") {
  for (const EngineKind kind : test::loop_engines()) {
    for (const bool has_ended : {false, true}) {
      CAPTURE(has_ended);
      auto [fd, peer] = test::stream_pair();
      Channel ours(std::move(fd));
      test::on_loop(kind, [&](EventLoop& loop) {
        test::send_text(peer.get(), "x");
        CHECK(receive(loop, ours) == "x");
        has_ended ? peer.reset() : test::send_text(peer.get(), "carried");
        for (int i = 0; i < 5; ++i) loop.yield();
        ours.withdraw();
      });
      test::on_loop(kind, [&](EventLoop& loop) {
        CountedWatch watch(loop);
        loop.watch(ours, watch);
        const bool is_carried = ours.carried && kind == EngineKind::uring;
        if (is_carried) CHECK(watch.count() == 1);
        CHECK(watch.is_told());
        CHECK(receive(loop, ours) == (has_ended ? "0" : "carried"));
        if (has_ended) return;
        loop.watch(ours, watch);
        for (int i = 0; i < 10; ++i) loop.yield();
        CHECK(watch.count() == 1);
        loop.unwatch(ours);
        ours.withdraw();
      });
    }
  }
}

TEST_CASE("among many channels, those with new data are notified") {
  on_all_loops([](const Ground& ground) {
    constexpr std::size_t kCount = 300;
    std::vector<Pair> pairs;
    std::vector<std::unique_ptr<CountedWatch>> watches;
    for (std::size_t i = 0; i < kCount; ++i) {
      pairs.push_back(ground.make_pair());
      watches.push_back(std::make_unique<CountedWatch>(ground.loop));
      ground.loop.watch(*pairs[i].first, *watches[i]);
    }
    for (std::size_t i = 0; i < kCount; i += 3) send(ground.loop, *pairs[i].second, "x");
    for (std::size_t i = 0; i < kCount; i += 3) CHECK(watches[i]->is_told());
    for (std::size_t i = 0; i < kCount; ++i) CHECK(watches[i]->count() == (i % 3 == 0 ? 1 : 0));
    for (const Pair& each : pairs) ground.loop.unwatch(*each.first);
  });
}

TEST_CASE("a watch that runs out of receive buffers is notified when there are some again") {
  // Two buffers, both in use: new data has to wait for one of them.
  const LoopOptions scarce{.receive_memory_max = 8192, .receive_buffer_bytes = 4096};
  test::on_each_loop(
      [](EventLoop& loop) {
        Pair watched = system_pair();
        std::vector<Buffer> held;
        for (Buffer buffer; (buffer = loop.take_buffer());) held.push_back(std::move(buffer));
        CountedWatch watch(loop);
        loop.watch(*watched.first, watch);
        send(loop, *watched.second, "at last");
        for (int i = 0; i < 10; ++i) loop.yield();
        held.clear();
        CHECK(watch.is_told());
        CHECK(receive(loop, *watched.first) == "at last");
      },
      scarce);
}

TEST_CASE("a loop can end with a watched channel, and notifies the watch") {
  for (const EngineKind kind : test::loop_engines()) {
    auto [fd, peer] = test::stream_pair();
    auto ours = std::make_unique<Channel>(std::move(fd));
    test::on_loop(kind, [&](EventLoop& loop) {
      CountedWatch watch(loop);
      loop.watch(*ours, watch);
      loop.yield();
      ours.reset();
      CHECK(watch.count() == 1);
    });
  }
}

}  // namespace hotline::engine::read_watch_test
