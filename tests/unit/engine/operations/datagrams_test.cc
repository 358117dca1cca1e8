#include "engine/operations/datagrams.h"

#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::datagrams_test {
namespace {

constexpr std::size_t kCount = 8;

/// Room for a few datagrams, in the form that the kernel takes.
struct Messages {
  explicit Messages(std::size_t size = 100) {
    for (std::size_t i = 0; i < kCount; ++i) {
      texts[i].resize(size);
      pieces[i] = {texts[i].data(), size};
      headers[i].msg_hdr.msg_iov = &pieces[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::string text(std::size_t i) const { return texts[i].substr(0, headers[i].msg_len); }

  std::array<std::string, kCount> texts;
  std::array<iovec, kCount> pieces{};
  std::array<mmsghdr, kCount> headers{};
};

int receive(Channel& channel, std::span<mmsghdr> headers) {
  ReceiveDatagrams operation(channel, headers);
  return Engine::current().perform(operation, Deadline::never());
}

}  // namespace

TEST_CASE("as many datagrams are received as have arrived and fit, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    for (const char* text : {"one", "two", "three"}) test::send_text(peer.get(), text);
    Messages messages;
    CHECK(receive(channel, std::span(messages.headers).first(2)) == 2);
    CHECK(messages.text(0) == "one");
    CHECK(messages.text(1) == "two");
    CHECK(receive(channel, messages.headers) == 1);
    CHECK(messages.text(0) == "three");
  });
}

TEST_CASE("an empty datagram is received as a datagram, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    REQUIRE(::send(peer.get(), "", 0, 0) == 0);
    Messages messages;
    CHECK(receive(channel, messages.headers) == 1);
    CHECK(messages.headers[0].msg_len == 0);
  });
}

TEST_CASE("a batch that was not filled shows that nothing more has arrived") {
  auto [ours, peer] = test::datagram_pair();
  Channel channel(std::move(ours));
  Messages messages;
  ReceiveDatagrams operation(channel, messages.headers);
  CHECK(operation.attempt() == -EAGAIN);
  CHECK(operation.has_exhausted(3));
  CHECK_FALSE(operation.has_exhausted(kCount));
  CHECK(operation.is_drainable());
}

TEST_CASE("datagrams are sent together and arrive one by one, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    Messages messages(3);
    for (std::size_t i = 0; i < kCount; ++i) messages.texts[i] = "m" + std::to_string(i) + "!";
    for (std::size_t i = 0; i < kCount; ++i) messages.pieces[i].iov_base = messages.texts[i].data();
    SendDatagrams operation(channel, messages.headers);
    CHECK(Engine::current().perform(operation, Deadline::never()) == kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
      std::string text(100, '\0');
      REQUIRE(::recv(peer.get(), text.data(), text.size(), 0) == 3);
      CHECK(text.substr(0, 3) == messages.texts[i]);
    }
  });
}

TEST_CASE("datagrams to a peer that has gone are refused, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    peer.reset();
    Messages messages;
    SendDatagrams operation(channel, messages.headers);
    const int result = Engine::current().perform(operation, Deadline::never());
    CHECK((result == -ECONNREFUSED || result == -ENOTCONN));
  });
}

}  // namespace hotline::engine::datagrams_test
