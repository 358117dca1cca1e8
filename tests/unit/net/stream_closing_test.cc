#include <sys/socket.h>

#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/listener.h"
#include "hotline/net/stream.h"
#include "net/stream_access.h"
#include "support/interrupts.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::stream_closing_test {
namespace {

/// A stream and its peer's plain socket.
struct Call {
  Stream stream;
  UniqueFd peer;
};

Call unix_call() {
  auto [ours, peer] = test::stream_pair();
  return {net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
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

// More than a socket takes unread.
const std::string kMuch(16 * 1024 * 1024, 'w');

/// Returns how the stream ends for the peer after all that was sent to it.
std::string how_it_ended(const UniqueFd& peer) {
  if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
  std::string piece(64 * 1024, '\0');
  for (;;) {
    test::wait_readable(peer.get());
    const auto got =
        test::through_interrupts([&] { return ::recv(peer.get(), piece.data(), piece.size(), 0); });
    if (got <= 0) return got == 0 ? "closed" : "reset";
  }
}

/// Returns how the stream ends for the peer after `begin` and `end` were called on its caller.
std::string end_of(
    const std::function<void(Stream&)>& begin,
    const std::function<void(Stream&)>& end = [](Stream&) {}) {
  UniqueFd peer;
  {
    Call call = tcp_call();
    begin(call.stream);
    peer = std::move(call.peer);
    end(call.stream);
  }
  return how_it_ended(peer);
}

std::string received(Stream& stream) {
  const auto bytes = stream.receive();
  return bytes ? std::string(as_text(*bytes)) : "<" + test::kind_of(bytes) + ">";
}

}  // namespace

TEST_CASE("the end of a stream that was drained and then closed is the close") {
  Call call = tcp_call();
  TaskGroup fibers;
  REQUIRE(fibers.spawn("receive", [&] {
    CHECK(received(call.stream) == "<draining>");
    CHECK(call.stream.ended_with(ErrorKind::draining));
    call.stream.leave_loop();
  }));
  fibers.drain();
  CHECK(fibers.join());
  call.peer.reset();
  CHECK(received(call.stream) == "<closed>");
  CHECK(call.stream.ended_with(ErrorKind::closed));
}

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

TEST_CASE("a receive on a closed stream takes nothing from another with its descriptor number") {
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
    test::send_text(starved.peer.get(), std::string(2 * 4096, 'm'));
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

TEST_CASE("a stream whose write failed ends with a reset, whatever is done to it afterwards") {
  const std::function<void(Stream&)> ways[] = {
      [](Stream&) {},
      [](Stream& stream) { stream.close(); },
      [](Stream& stream) { stream.when_dropped(WhenDropped::close); },
      [](Stream& stream) { Stream moved = std::move(stream); },
      [](Stream& stream) {
        CHECK(test::kind_of(stream.shut_down_writes()) == "truncated");
        stream.close();
      },
  };
  test::on_each_engine([&] {
    for (const auto& way : ways) {
      CHECK(end_of(
                [&](Stream& stream) {
                  const DeadlineScope scope(Deadline::at(now()));
                  // Nothing was sent, and that cannot be known.
                  while (stream.write_all(as_bytes(kMuch))) {
                  }
                  CHECK(stream.ended_with(ErrorKind::timed_out));
                },
                way) == "reset");
    }
  });
}

TEST_CASE("a stream ends with a reset after a partial write, until a later one is complete") {
  const Bytes much[] = {as_bytes(kMuch)};
  test::on_each_engine([&] {
    const auto leave_rest = [&](Stream& stream) {
      while (stream.write_now(much) > 0) {
      }
    };
    CHECK(end_of(leave_rest) == "reset");
    CHECK(end_of(leave_rest, [](Stream& stream) { stream.close(); }) == "reset");
    CHECK(end_of(leave_rest, [](Stream& stream) {
            CHECK(test::kind_of(stream.shut_down_writes()) == "truncated");
          }) == "reset");
    CHECK(end_of([](Stream& stream) {
            CHECK(stream.write_some(as_bytes(kMuch)).value_or(0) < kMuch.size());
          }) == "reset");
  });
}

TEST_CASE("writing the rest completes a partial write") {
  test::on_each_engine([] {
    Call call = tcp_call();
    const Bytes much[] = {as_bytes(kMuch)};
    const std::size_t sent = call.stream.write_now(much);
    std::string received;
    TaskGroup group;
    REQUIRE(group.spawn("rest", [&] {
      CHECK(call.stream.write_all(as_bytes(kMuch).subspan(sent)));
      CHECK(call.stream.shut_down_writes());
      call.stream.close();
    }));
    std::thread reader([&] { received = test::receive_until_end(call.peer.get()); });
    CHECK(group.join());
    reader.join();
    CHECK(received.size() == kMuch.size());
  });
}

TEST_CASE("a stream that is closed during a write of another fiber ends with a reset") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call call = tcp_call();
    TaskGroup group;
    bool has_failed = false;
    REQUIRE(group.spawn("write",
                        [&] { has_failed = !call.stream.write_all(as_bytes(kMuch)).has_value(); }));
    for (int i = 0; i < 5; ++i) loop.yield();
    call.stream.close();
    CHECK(group.join());
    CHECK(has_failed);
    CHECK(how_it_ended(call.peer) == "reset");
  });
}

TEST_CASE("the peer of a UNIX stream whose write failed sees an end, because there is no reset") {
  test::on_each_engine([] {
    UniqueFd peer;
    std::size_t sent = 0;
    {
      Call call = unix_call();
      const Bytes much[] = {as_bytes(kMuch)};
      sent = call.stream.write_now(much);
      const DeadlineScope scope(Deadline::at(now()));
      CHECK(test::kind_of(call.stream.write_all(as_bytes(kMuch))) == "timed_out");
      peer = std::move(call.peer);
    }
    CHECK(test::receive_until_end(peer.get()).size() == sent);
  });
}

TEST_CASE("a stream that was moved from, or a read of no bytes, ends the program") {
  const auto moved = test::in_child_process([] {
    Call call = unix_call();
    const Stream to = std::move(call.stream);
    discard(call.stream.receive());
  });
  CHECK(moved.signal == SIGABRT);
  CHECK(moved.error_text.find("a Stream that was moved from is used") != std::string::npos);
  const auto empty = test::in_child_process([] {
    Call call = unix_call();
    discard(call.stream.read_some({}));
  });
  CHECK(empty.signal == SIGABRT);
  CHECK(empty.error_text.find("a stream is read into no bytes") != std::string::npos);
}

}  // namespace hotline::stream_closing_test
