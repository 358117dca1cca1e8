#include "session/driver.h"

#include <sys/socket.h>

#include <latch>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/wait_descriptor.h"
#include "hotline/net/tls.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/session_end.h"
#include "support/session_pair.h"
#include "support/tls_options.h"

namespace hotline::session::driver_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;
using test::on_each_engine;
using test::on_each_loop;
using test::pair_options;

/// A client whose peer is a socket that a test reads and writes itself.
struct LoneClient {
  explicit LoneClient(const SessionOptions& of_peer, const SessionOptions& options = pair_options())
      : LoneClient(test::stream_pair(), of_peer, options) {}

  void send(std::string_view frames) { test::send_text(peer.get(), frames); }

  /// Reads and drops what the client sends, until its end.
  std::thread read_all() {
    return std::thread([this] { test::receive_until_end(peer.get()); });
  }

  UniqueFd peer;
  Session client;

 private:
  LoneClient(std::pair<UniqueFd, UniqueFd> ends, const SessionOptions& of_peer,
             const SessionOptions& options)
      : peer(std::move(ends.second)),
        client(Session::start(Stream::adopt(std::move(ends.first)).value(), SessionRole::client,
                              options)
                   .value()) {
    std::string hello;
    append_hello(hello, test::SessionEnd::hello_of(of_peer));
    send(hello);
  }
};

std::unique_ptr<StreamLayer> client_layer() {
  return Tls::client(test::presenting("alice"), "alice", "").value().make_layer();
}

std::unique_ptr<StreamLayer> server_layer() {
  return Tls::server(test::accepting("alice")).value().make_layer();
}

/// Waits until nothing more happens for some milliseconds.
void settle() { REQUIRE(sleep_for(10ms)); }

TEST_CASE("a reset ends a write that waits for room, and the next one goes on") {
  on_each_loop([](engine::EventLoop&) {
    SessionOptions generous = pair_options();
    generous.flow_credit = kCreditMax;
    LoneClient lone(generous);
    auto first = lone.client.open({1, 0}, {});
    auto second = lone.client.open({1, 0}, {});
    REQUIRE(first);
    REQUIRE(second);
    lone.send(test::accept_frame(1) + test::accept_frame(3));
    REQUIRE(second->answer());
    const std::string much(2'000'000, 'x');
    Result<void> written;
    TaskGroup early;
    TaskGroup late;
    REQUIRE(
        early.spawn("early", [&] { CHECK(kind_of(first->write(0, as_bytes(much))) == "reset"); }));
    settle();
    REQUIRE(late.spawn("late", [&] { written = second->write(0, as_bytes(much)); }));
    settle();
    lone.send(test::reset_frame(1));
    REQUIRE(early.join());
    std::thread reader = lone.read_all();
    REQUIRE(late.join());
    CHECK(written);
    { const Session dropped = std::move(lone.client); }
    reader.join();
  });
}

TEST_CASE("messages that wait for room are sent when the peer reads again") {
  on_each_loop([](engine::EventLoop&) {
    LoneClient lone(pair_options());
    const std::string payload(60'000, 'm');
    std::size_t sent = 0;
    TaskGroup senders;
    for (int i = 0; i < 8; ++i) {
      REQUIRE(senders.spawn("sender", [&] {
        auto stream = lone.client.open({}, {});
        REQUIRE(stream);
        for (int k = 0; k < 4; ++k) {
          if (stream->send({.payload = as_bytes(payload)}, deadline_after(10s))) ++sent;
        }
      }));
    }
    settle();
    std::thread reader = lone.read_all();
    REQUIRE(senders.join());
    CHECK(sent == 32);
    { const Session dropped = std::move(lone.client); }
    reader.join();
  });
}

/// Reads what arrives at `peer` on this loop into `end`, until `message` has arrived. Returns the
/// bytes of flow 0 before that.
std::string read_until_message(int peer, test::SessionEnd& end, std::string_view message) {
  std::string flow;
  std::string piece(100'000, '\0');
  for (;;) {
    REQUIRE(wait_readable(peer));
    const ssize_t size = recv(peer, piece.data(), piece.size(), MSG_DONTWAIT);
    REQUIRE(size > 0);
    const auto text = std::string_view(piece).substr(0, static_cast<std::size_t>(size));
    for (const test::KeptEvent& each : end.feed(text)) {
      if (each.event.kind == SessionEvent::Kind::data) flow += each.bytes;
      if (each.event.kind == SessionEvent::Kind::opened)
        REQUIRE(end.sender.accept(each.event.stream, {}));
      if (each.event.kind == SessionEvent::Kind::message && each.bytes == message) return flow;
    }
  }
}

TEST_CASE("a write that ends early while the socket is full loses and doubles nothing") {
  on_each_loop([](engine::EventLoop&) {
    SessionOptions generous = pair_options();
    generous.flow_credit = kCreditMax;
    LoneClient lone(generous);
    auto stream = lone.client.open({1, 0}, {});
    REQUIRE(stream);
    lone.send(test::accept_frame(1));
    REQUIRE(stream->answer());
    std::string sent(4'000'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 + i / 251);
    CHECK(kind_of(stream->write(0, as_bytes(sent), deadline_after(50ms))) == "timed_out");
    test::SessionEnd server(SessionRole::server, generous);
    std::string arrived;
    TaskGroup both;
    REQUIRE(both.spawn("message", [&] { CHECK(stream->send({.payload = as_bytes("last")})); }));
    arrived = read_until_message(lone.peer.get(), server, "last");
    REQUIRE(both.join());
    CHECK(arrived.size() > 100'000);
    CHECK((arrived == sent.substr(0, arrived.size())));
  });
}

TEST_CASE("a session that ends while a fiber waits to write ends that wait") {
  on_each_loop([](engine::EventLoop&) {
    SessionOptions generous = pair_options();
    generous.flow_credit = kCreditMax;
    LoneClient lone(generous);
    auto stream = lone.client.open({1, 0}, {});
    REQUIRE(stream);
    lone.send(test::accept_frame(1));
    REQUIRE(stream->answer());
    const std::string large(8'000'000, 'x');
    Result<void> written;
    TaskGroup both;
    REQUIRE(both.spawn("write", [&] { written = stream->write(0, as_bytes(large)); }));
    settle();
    { const Session dropped = std::move(lone.client); }
    REQUIRE(both.join());
    CHECK_FALSE(written);
  });
}

TEST_CASE("a place that is free ends a wait for it, also if the peer opens a stream at once") {
  on_each_engine([] {
    SessionOptions single = pair_options();
    single.streams_max = 1;
    LoneClient lone(single);
    auto first = lone.client.open({}, {});
    REQUIRE(first);
    REQUIRE(first->end_messages());
    Result<SessionStream> second = fail(Error{});
    TaskGroup waiting;
    REQUIRE(
        waiting.spawn("second", [&] { second = lone.client.open({}, {}, deadline_after(10s)); }));
    REQUIRE(waiting.spawn("peer", [&] {
      settle();
      lone.send(test::accept_frame(1) + test::end_frame(1, kMessageFlow, 0) + test::open_frame(2));
    }));
    REQUIRE(waiting.join());
    CHECK(second);
  });
}

TEST_CASE("a stream of the caller can be used on the caller's thread after the session") {
  on_each_engine([] {
    auto [near, far] = test::stream_pair();
    auto stream = Stream::adopt(std::move(near)).value();
    {
      auto client = Session::start(stream, SessionRole::client, pair_options());
      REQUIRE(client);
      // The greeting; a thread that blocked here would keep its loop from sending it.
      REQUIRE(wait_readable(far.get(), deadline_after(60s)));
      test::receive_text(far.get(), 12);
    }
    test::send_text(far.get(), "more");
    CHECK(as_text(stream.receive().value()) == "more");
  });
}

TEST_CASE("a session completes the handshake of its stream before it reads and writes at once") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    REQUIRE(near.add_layer(client_layer()));
    REQUIRE(far.add_layer(server_layer()));
    auto client = Session::start(std::move(near), SessionRole::client, pair_options());
    auto server = Session::start(std::move(far), SessionRole::server, pair_options());
    REQUIRE(client);
    REQUIRE(server);
    auto opened = client->open({}, as_bytes("hello"));
    REQUIRE(opened);
    CHECK(as_text(server->accept().value().request()) == "hello");
  });
}

TEST_CASE("a handshake that is not completed in time ends the session") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    REQUIRE(near.add_layer(client_layer()));
    SessionOptions hasty = pair_options();
    hasty.hello_timeout = 5ms;
    auto client = Session::start(std::move(near), SessionRole::client, hasty);
    REQUIRE(client);
    CHECK(kind_of(client->wait_ready()) == "timed_out");
    CHECK(kind_of(client->finish()) == "timed_out");
  });
}

/// Uses a stream at both ends, as far as that works.
void exchange(Session& client, Session& server) {
  const Deadline deadline = deadline_after(10s);
  auto opened = client.open({1, 1}, as_bytes("request"), deadline);
  if (!opened) return;
  auto accepted = server.accept(deadline);
  if (!accepted || !accepted->accept({}, deadline)) return;
  discard(opened->write(0, as_bytes(std::string(10'000, 'x')), deadline));
  discard(accepted->read(0, deadline));
  discard(opened->send({.payload = as_bytes("message")}, deadline));
  discard(accepted->receive(deadline));
}

TEST_CASE("a lack of memory ends a session that it may have damaged, and no wait goes on") {
  std::size_t failed = 0;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    test::with_each_allocation_failing([&](std::size_t spared) {
      test::SessionPair pair;
      REQUIRE(pair.client.wait_ready());
      REQUIRE(pair.server.wait_ready());
      const Instant begun = now();
      bool has_struck = false;
      {
        const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
        try {
          exchange(pair.client, pair.server);
        } catch (const std::bad_alloc&) {
        }
        has_struck = shortage.has_struck();
      }
      CHECK(now() - begun < 5s);
      if (pair.client.failure() || pair.server.failure()) ++failed;
      return has_struck;
    });
  });
  CHECK(failed > 0);
}

TEST_CASE("a wake-up that a failed wait cannot use is passed on") {
  auto [near, far] = test::connected_streams();
  Driver driver(std::move(near), SessionRole::client, pair_options());
  std::latch is_begun(1);
  Result<void> waited;
  std::thread early([&] {
    auto lock = driver.lock();
    is_begun.count_down();
    waited = driver.wait(lock, driver.waiters, kRoom, deadline_after(1ms));
  });
  is_begun.wait();
  auto lock = driver.lock();
  const Waiter late(driver.waiters, kRoom);
  // The wait fails now, but its thread cannot leave it without the lock.
  REQUIRE(sleep_for(20ms));
  driver.waiters.wake_one(kRoom);
  lock.unlock();
  early.join();
  lock.lock();
  CHECK((waited || late.is_woken()));
}

TEST_CASE("a wait does not hold the lock, and has it afterwards") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    Driver driver(std::move(near), SessionRole::client, pair_options());
    auto lock = driver.lock();
    CHECK(kind_of(driver.wait(lock, driver.waiters, kOver, deadline_after(1ms))) == "timed_out");
    CHECK(lock.owns_lock());
  });
}

TEST_CASE("a stream that is dropped gives what its credit has grown by to the other streams") {
  auto [near, far] = test::connected_streams();
  SessionOptions options = pair_options();
  options.flow_credit = 100;
  options.flow_credit_max = 200;
  options.growth_max = 100;
  Driver driver(std::move(near), SessionRole::client, options);
  const auto grow = [&](SessionStreamId id) {
    Inflow& inflow = *driver.add_record(id, {0, 1}, true).inflow(0);
    inflow.add(as_bytes(std::string(100, 'x')), 1);
    inflow.lend();
    inflow.give_back();
    driver.give_credit(id, 0, inflow);
    return inflow.growth();
  };
  const auto lock = driver.lock();
  CHECK(grow(1) == 100);
  CHECK(grow(3) == 0);
  driver.drop_record(1);
  CHECK(driver.find_record(1) == nullptr);
  CHECK(grow(5) == 100);
}

TEST_CASE("a session that is stopped is over, and its waits end") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    Driver driver(std::move(near), SessionRole::client, pair_options());
    REQUIRE(driver.start());
    driver.stop();
    driver.stop();
    CHECK(driver.is_over());
    CHECK(driver.end_reason());
  });
}

TEST_CASE("a session that is stopped without a start is over") {
  auto [near, far] = test::connected_streams();
  Driver driver(std::move(near), SessionRole::client, pair_options());
  driver.stop();
  CHECK(driver.is_over());
}

}  // namespace
}  // namespace hotline::session::driver_test
