#include "engine/operations/receive.h"

#include <sys/socket.h>

#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::receive_test {

TEST_CASE("without memory of the caller, a buffer is taken only when there is data") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  Receive receive(channel, Engine::current());
  CHECK(receive.attempt() == -EAGAIN);
  CHECK_FALSE(receive.buffer);
  test::send_text(peer.get(), "data");
  CHECK(receive.attempt() == 4);
  CHECK(receive.buffer.filled() == 4);
  CHECK(as_text(receive.buffer.memory().first(4)) == "data");
}

TEST_CASE("a small buffer belongs to no pool, takes what fits, and leaves the rest") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  Receive receive(channel, Engine::current());
  CHECK(receive.pending_bytes() == 0);
  receive.use_small_buffer();
  CHECK(receive.attempt() == -EAGAIN);
  CHECK_FALSE(receive.buffer);
  test::send_text(peer.get(), std::string(Receive::kSmallBytes + 1, 's'));
  CHECK(receive.pending_bytes() == Receive::kSmallBytes + 1);
  CHECK(receive.attempt() == static_cast<int>(Receive::kSmallBytes));
  CHECK_FALSE(receive.has_exhausted(static_cast<int>(Receive::kSmallBytes)));
  CHECK_FALSE(receive.buffer.is_pooled());
  CHECK(receive.pending_bytes() == 1);
  CHECK(receive.attempt() == 1);
  CHECK(receive.has_exhausted(1));
}

TEST_CASE("memory of the caller takes what fits, and the rest is left") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  test::send_text(peer.get(), "123456");
  std::string text(4, '\0');
  Receive receive(channel, Engine::current(), std::as_writable_bytes(std::span(text)));
  CHECK(receive.attempt() == 4);
  CHECK(text == "1234");
  CHECK_FALSE(receive.buffer);
  CHECK(receive.attempt() == 2);
  CHECK(text == "5634");
}

TEST_CASE("a receive that was not filled shows that nothing more has arrived") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  std::string text(4, '\0');
  const Receive receive(channel, Engine::current(), std::as_writable_bytes(std::span(text)));
  CHECK(receive.has_exhausted(3));
  CHECK_FALSE(receive.has_exhausted(4));
  CHECK_FALSE(receive.has_exhausted(0));
  CHECK_FALSE(receive.has_exhausted(-ECONNRESET));
}

TEST_CASE("an end and then a reset are reported as such, on every engine") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener();
    for (const bool is_reset : {false, true}) {
      UniqueFd caller = test::connect_tcp(port);
      Channel channel{UniqueFd(::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK))};
      const linger none{.l_onoff = is_reset ? 1 : 0, .l_linger = 0};
      REQUIRE(::setsockopt(caller.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0);
      caller.reset();
      Receive receive(channel, Engine::current());
      const int result = Engine::current().perform(receive, Deadline::never());
      CHECK(result == (is_reset ? -ECONNRESET : 0));
      CHECK_FALSE(receive.buffer);
    }
  });
}

TEST_CASE("a receive needs a connected socket, on every engine") {
  test::on_each_engine([] {
    Channel channel{UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0))};
    Receive receive(channel, Engine::current());
    CHECK(Engine::current().perform(receive, Deadline::never()) == -ENOTCONN);
  });
}

}  // namespace hotline::engine::receive_test
