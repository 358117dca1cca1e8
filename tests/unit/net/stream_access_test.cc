#include "net/stream_access.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
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

}  // namespace hotline::net::stream_access_test
