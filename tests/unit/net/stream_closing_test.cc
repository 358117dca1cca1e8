#include <sys/socket.h>

#include <functional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "engine/event_loop.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/listener.h"
#include "hotline/net/stream.h"
#include "support/interrupts.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline {
namespace {

/// A stream and its peer's plain socket.
struct Call {
  Stream stream;
  UniqueFd peer;
};

Call unix_call() {
  auto [ours, peer] = test::stream_pair();
  return {Stream::over(std::make_unique<engine::Channel>(std::move(ours)),
                       *Endpoint::parse("unix:@peer"), {}),
          std::move(peer)};
}

Call tcp_call() {
  auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
  REQUIRE(listener);
  UniqueFd peer = test::connect_tcp(listener->endpoint().port());
  auto stream = listener->accept();
  REQUIRE(stream);
  return {std::move(*stream), std::move(peer)};
}

/// What the peer meets with once `end` has been done to its caller.
std::string end_of(const std::function<void(Stream&)>& end) {
  UniqueFd peer;
  {
    Call call = tcp_call();
    end(call.stream);
    peer = std::move(call.peer);
  }
  if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
  test::wait_readable(peer.get());
  char byte = 0;
  const auto got = test::through_interrupts([&] { return ::recv(peer.get(), &byte, 1, 0); });
  return got == 0 ? "closed" : "reset";
}

std::string received(Stream& stream) {
  const auto bytes = stream.receive();
  return bytes ? std::string(as_text(*bytes)) : "<" + test::kind_of(bytes) + ">";
}

}  // namespace

TEST_CASE("what was begun on a stream that is closed goes to no other with its descriptor") {
  test::on_each_loop([](engine::EventLoop&) {
    Call old = unix_call();
    std::pair<UniqueFd, UniqueFd> other;
    TaskGroup group;
    REQUIRE(
        group.spawn("write", [&] { static_cast<void>(old.stream.write_all(as_bytes("old"))); }));
    REQUIRE(group.spawn("close", [&] {
      old.stream.close();
      other = test::stream_pair();
    }));
    REQUIRE(group.join());
    test::send_text(other.first.get(), "new");
    CHECK(test::receive_text(other.second.get(), 3) == "new");
  });
}

TEST_CASE("a receive on a stream that is closed takes nothing from another with its descriptor") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call old = unix_call();
    std::pair<UniqueFd, UniqueFd> other;
    TaskGroup group;
    REQUIRE(group.spawn("read", [&] { CHECK(received(old.stream) == "<cancelled>"); }));
    REQUIRE(group.spawn("close", [&] {
      old.stream.close();
      other = test::stream_pair();
      test::send_text(other.second.get(), "new");
    }));
    REQUIRE(group.join());
    for (int i = 0; i < 3; ++i) loop.yield();
    CHECK(test::receive_text(other.first.get(), 3) == "new");
  });
}

TEST_CASE("closing a stream ends its reader's wait for a buffer") {
  constexpr LoopOptions kOneBuffer{.receive_memory_max = 4096, .receive_buffer_bytes = 4096};
  const auto body = [](engine::EventLoop& loop) {
    Call holder = unix_call();
    Call starved = unix_call();
    test::send_text(holder.peer.get(), "held");
    CHECK(received(holder.stream) == "held");
    test::send_text(starved.peer.get(), "more");
    TaskGroup group;
    REQUIRE(group.spawn("read", [&] { CHECK(received(starved.stream) == "<cancelled>"); }));
    for (int i = 0; i < 5; ++i) loop.yield();
    starved.stream.close();
    CHECK(group.join());
  };
  test::on_loop(EngineKind::epoll, body, kOneBuffer);
}

TEST_CASE("a stream that is to be broken off when dropped is, unless it is closed before") {
  test::on_each_engine([] {
    CHECK(end_of([](Stream&) {}) == "closed");
    CHECK(end_of([](Stream& stream) { stream.when_dropped(WhenDropped::abort); }) == "reset");
    CHECK(end_of([](Stream& stream) {
            stream.when_dropped(WhenDropped::abort);
            stream.when_dropped(WhenDropped::close);
          }) == "closed");
    CHECK(end_of([](Stream& stream) {
            stream.when_dropped(WhenDropped::abort);
            stream.close();
          }) == "closed");
  });
}

}  // namespace hotline
