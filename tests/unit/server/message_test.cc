#include "hotline/server/message.h"

#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::message_test {
namespace {

// It refers to the endpoint, which must not be a temporary.
static_assert(!std::is_constructible_v<Message, MutableBytes, Endpoint>);
static_assert(std::is_constructible_v<Message, MutableBytes, const Endpoint&>);

}  // namespace

TEST_CASE("a message without a socket has the bytes and the peer that it was given") {
  std::string text = "hello";
  const Endpoint peer = *Endpoint::parse("unixgram:@caller");
  const Message message(std::as_writable_bytes(std::span(text)), peer);
  CHECK(as_text(message.bytes()) == "hello");
  CHECK(message.peer().to_uri() == "unixgram:@caller");
  CHECK_FALSE(message.is_truncated());
  message.bytes()[0] = std::byte{'J'};
  CHECK(text == "Jello");
}

TEST_CASE("a datagram without a route came from the peer of its socket") {
  test::on_each_engine([] {
    auto server = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"));
    REQUIRE(server);
    const auto client = connect_datagrams(server->endpoint());
    REQUIRE(client);
    std::string text = "hello";
    const Datagram datagram{.bytes = std::as_writable_bytes(std::span(text)), .is_truncated = true};
    const Message message(*client, datagram);
    CHECK(message.peer().to_uri() == server->endpoint().to_uri());
    CHECK(message.is_truncated());
  });
}

}  // namespace hotline::message_test
