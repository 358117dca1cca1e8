#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::stream_write_timeout_test {

TEST_CASE("a peer that takes a little now and then has one write timeout, not one for each part") {
  test::on_each_engine([] {
    ListenOptions options;
    options.stream.timeouts.write = std::chrono::milliseconds(100);
    auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"), options);
    REQUIRE(listener);
    const UniqueFd peer = test::connect_tcp(listener->endpoint().port());
    auto call = listener->accept();
    REQUIRE(call);
    std::atomic<bool> is_over = false;
    // It reads as long as necessary; without the limit for ever.
    std::thread slow([&] {
      std::array<char, 1024> piece;
      while (!is_over) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ::recv(peer.get(), piece.data(), piece.size(), MSG_DONTWAIT);
      }
    });
    const std::string text(64 * 1024 * 1024, 'w');
    CHECK(test::kind_of(call->write_all(as_bytes(text))) == "timed_out");
    CHECK(test::kind_of(call->write_all(as_bytes(text))) == "timed_out");
    is_over = true;
    slow.join();
  });
}

}  // namespace hotline::stream_write_timeout_test
