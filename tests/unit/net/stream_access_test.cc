#include "net/stream_access.h"

#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::net::stream_access_test {
namespace {

class CountingWatch final : public engine::ReadWatch {
 public:
  void ready() noexcept override { ++count; }

  int count = 0;
};

Stream over(UniqueFd socket) {
  return StreamAccess::over(std::make_unique<engine::Channel>(std::move(socket)),
                            *Endpoint::parse("unix:@peer"), {});
}

}  // namespace

TEST_CASE("a stream over a socket has the peer that it is made with") {
  auto [ours, peer] = test::stream_pair();
  Stream stream = over(std::move(ours));
  CHECK(stream.peer().to_string() == "unix:@peer");
  CHECK(stream.write_all(as_bytes("text")));
  CHECK(test::receive_text(peer.get(), 4) == "text");
}

TEST_CASE("a stream on which a message was cut off cannot end in good order") {
  auto [ours, peer] = test::stream_pair();
  Stream stream = over(std::move(ours));
  CHECK(stream.write_all(as_bytes("part of a message")));
  StreamAccess::note_cut_off(stream);
  CHECK(test::kind_of(stream.shut_down_writes()) == "truncated");
}

TEST_CASE("a watch is notified at once of what has been received already, and only once") {
  test::on_each_loop([](engine::EventLoop&) {
    auto [ours, peer] = test::stream_pair();
    Stream stream = over(std::move(ours));
    peer.reset();
    CHECK(test::kind_of(stream.receive()) == "closed");
    CountingWatch watch;
    StreamAccess::watch(stream, watch);
    CHECK(watch.count == 1);
  });
}

TEST_CASE("a watch that has been taken back is not notified") {
  test::on_each_loop([](engine::EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Stream stream = over(std::move(ours));
    CountingWatch watch;
    StreamAccess::watch(stream, watch);
    StreamAccess::unwatch(stream);
    test::send_text(peer.get(), "text");
    const auto received = stream.receive();
    REQUIRE(received);
    CHECK(as_text(*received) == "text");
    loop.yield();
    CHECK(watch.count == 0);
  });
}

TEST_CASE("some bytes of many pieces are written, as many as there is room for") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = over(std::move(ours));
    const std::string large(1 << 20, 'x');
    const std::array pieces{as_bytes("head"), as_bytes(large)};
    const std::size_t sent = StreamAccess::write_some(stream, pieces);
    CHECK(sent > 4);
    CHECK(sent < large.size());
    CHECK(test::receive_text(peer.get(), 5) == "headx");
  });
}

TEST_CASE("a write of some bytes that ends early leaves the stream as it was") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = over(std::move(ours));
    const std::string large(1 << 20, 'x');
    Bytes left = as_bytes(large);
    const auto write = [&] {
      const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
      const std::size_t sent = StreamAccess::write_some(stream, std::span(&left, 1));
      left = left.subspan(sent);
      return sent;
    };
    while (write() > 0) {
    }
    CHECK_FALSE(stream.end_reason());
    std::thread reader([&, from = peer.get()] { test::receive_text(from, large.size()); });
    CHECK(stream.write_all(left));
    reader.join();
    CHECK(stream.shut_down_writes());
  });
}

TEST_CASE("a write of some bytes to a peer that has gone writes none, and the next one says why") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = over(std::move(ours));
    peer.reset();
    const Bytes text = as_bytes("text");
    CHECK(StreamAccess::write_some(stream, std::span(&text, 1)) == 0);
    CHECK(test::kind_of(stream.write_all(text)) == "reset");
  });
}

}  // namespace hotline::net::stream_access_test
