#include "net/linger.h"

#include <sys/socket.h>

#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::linger_test {

TEST_CASE("what the peer still sends is dropped until it ends, and it gets what was written") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = Stream::adopt(std::move(ours)).value();
    CHECK(stream.write_all(as_bytes("last")));
    test::send_text(peer.get(), "late");
    ::shutdown(peer.get(), SHUT_WR);
    net::linger(stream, std::chrono::hours(1));
    stream.close();
    CHECK(test::receive_until_end(peer.get()) == "last");
  });
}

TEST_CASE("a peer that does not end is waited for no longer than the patience") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = Stream::adopt(std::move(ours)).value();
    net::linger(stream, std::chrono::milliseconds(2));
    CHECK(stream.ended_with(ErrorKind::timed_out));
  });
}

}  // namespace hotline::linger_test
