#include "engine/operations/send.h"

#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::send_test {
namespace {

iovec piece_of(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

TEST_CASE("bytes that are sent arrive, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    Send send(channel, as_bytes("hello"));
    CHECK(Engine::current().perform(send, Deadline::never()) == 5);
    CHECK(test::receive_text(peer.get(), 5) == "hello");
  });
}

TEST_CASE("several pieces arrive in their order, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const std::string one = "one,";
    const std::string none;
    const std::string two = "two";
    std::array<iovec, 3> pieces = {piece_of(one), piece_of(none), piece_of(two)};
    SendVectored send(channel, pieces);
    CHECK(send.pieces().size() == 3);
    CHECK(Engine::current().perform(send, Deadline::never()) == 7);
    CHECK(test::receive_text(peer.get(), 7) == "one,two");
  });
}

TEST_CASE("sending to a peer that has gone fails, without a signal, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    peer.reset();
    Send send(channel, as_bytes("x"));
    CHECK(Engine::current().perform(send, Deadline::never()) == -EPIPE);
    const std::string text = "x";
    iovec piece = piece_of(text);
    SendVectored vectored(channel, {&piece, 1});
    CHECK(Engine::current().perform(vectored, Deadline::never()) == -EPIPE);
  });
}

TEST_CASE("a send to a peer that does not read times out, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    test::fill(ours.get());
    Channel channel(std::move(ours));
    Send send(channel, as_bytes("x"));
    CHECK(Engine::current().perform(send, deadline_after(std::chrono::milliseconds(1))) ==
          -kDeadlineEnd);
  });
}

TEST_CASE("a partial send shows that there is no more room") {
  auto [ours, peer] = test::stream_pair();
  Channel channel(std::move(ours));
  const Send send(channel, as_bytes("hello"));
  CHECK(send.has_exhausted(4));
  CHECK_FALSE(send.has_exhausted(5));
  CHECK_FALSE(send.has_exhausted(-EAGAIN));
  CHECK_FALSE(send.is_drainable());
}

TEST_CASE("a late reader gets everything, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const std::string text(1024 * 1024, 't');
    const std::jthread reader(
        [&, fd = peer.get()] { CHECK(test::receive_text(fd, text.size()) == text); });
    Bytes rest = as_bytes(text);
    while (!rest.empty()) {
      Send send(channel, rest);
      const int sent = Engine::current().perform(send, deadline_after(std::chrono::seconds(10)));
      REQUIRE(sent > 0);
      rest = rest.subspan(static_cast<std::size_t>(sent));
    }
  });
}

}  // namespace hotline::engine::send_test
