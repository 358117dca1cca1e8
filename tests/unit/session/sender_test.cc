#include "session/sender.h"

#include <string>

#include <doctest/doctest.h>

#include "support/session_end.h"

namespace hotline::session::sender_test {
namespace {

using namespace hotline::test;

struct Client : SessionEnd {
  explicit Client(const SessionOptions& options = session_options())
      : SessionEnd(SessionRole::client, options) {
    begin();
  }

  /// Opens a stream that the peer accepts, and forgets what was sent.
  SessionStreamId opened(SessionFlows flows = {1, 1}) {
    const SessionStreamId id = sender.open(flows, {}).value().value();
    feed(accept_frame(id));
    take();
    return id;
  }
};

template <typename T>
ErrorKind kind_of(const Result<T>& result) {
  REQUIRE(!result.has_value());
  return result.error().kind;
}

SessionMessage message_of(std::string_view payload) { return {.payload = as_bytes(payload)}; }

}  // namespace

TEST_CASE("a stream is opened with its flows and request, and its id is the next") {
  Client client;
  CHECK(client.sender.open({1, 2}, as_bytes("request")).value() == 1);
  CHECK(client.sender.open({0, 0}, {}).value() == 3);
  CHECK(client.take() == open_frame(1, {1, 2}) + open_frame(3, {0, 0}, ""));
}

TEST_CASE("no stream is opened before HELLO, or above the limits of either end") {
  SessionEnd early(SessionRole::client);
  CHECK(early.sender.open({}, {}).value() == std::nullopt);
  for (const bool is_peer_limit : {true, false}) {
    SessionOptions options = session_options();
    (is_peer_limit ? options.streams_max : options.opened_max) = 2;
    Client client(options);
    CHECK(client.sender.open({}, {}).value().has_value());
    CHECK(client.sender.open({}, {}).value().has_value());
    CHECK(client.sender.open({}, {}).value() == std::nullopt);
    client.feed(reset_frame(1));
    CHECK(client.sender.open({}, {}).value() == std::nullopt);
    client.sender.reset(1, ResetCode::not_needed, {});
    CHECK(client.sender.open({}, {}).value().has_value());
  }
}

TEST_CASE("a request is as long as the peer allows, and the flows as many") {
  Client client;
  const std::string longest(2'048 - kOpenPrefixBytes, 'x');
  CHECK(client.sender.open({}, as_bytes(longest)).value().has_value());
  CHECK(kind_of(client.sender.open({}, as_bytes(longest + "x"))) == ErrorKind::too_large);
  CHECK(client.sender.open({2, 1}, {}).value().has_value());
  CHECK(kind_of(client.sender.open({2, 2}, {})) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.open({255, 255}, {})) == ErrorKind::invalid_argument);
}

TEST_CASE("no stream is opened once either end drains") {
  Client client;
  client.core.say_goodbye();
  CHECK(kind_of(client.sender.open({}, {})) == ErrorKind::draining);
  Client other;
  other.feed(goodbye_frame(0));
  CHECK(kind_of(other.sender.open({}, {})) == ErrorKind::draining);
}

TEST_CASE("streams that the peer has opened are accepted once, before anything is sent") {
  Client client;
  client.feed(open_frame(2));
  CHECK(kind_of(client.sender.send(2, message_of("x"))) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.end(2, 1, {})) == ErrorKind::invalid_argument);
  std::string out;
  CHECK(kind_of(client.sender.begin_data(2, 1, 1, out)) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.accept(2, as_bytes(std::string(2'049, 'x')))) ==
        ErrorKind::too_large);
  CHECK(client.sender.accept(2, as_bytes("answer")).value());
  CHECK(client.take() == accept_frame(2));
  CHECK(kind_of(client.sender.accept(2, {})) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.accept(1, {})) == ErrorKind::closed);
}

TEST_CASE("an opener sends at once, without waiting for ACCEPT") {
  Client client;
  REQUIRE(client.sender.open({1, 0}, as_bytes("request")).value() == 1);
  std::string out;
  CHECK(client.sender.begin_data(1, 0, 3, out).value() == 3);
  out += "abc";
  CHECK(client.sender.send(1, message_of("m")).value());
  CHECK(client.sender.end(1, 0, as_bytes("#")).has_value());
  out += client.take();
  CHECK(out == open_frame(1, {1, 0}) + data_frame(1, 0, 0, "abc") +
                   plain_frame(kFirstMessageType, 1, "m") + end_frame(1, 0, 3, "#"));
}

TEST_CASE("a message is sent with its flags while there is credit for it") {
  Client client;
  const SessionStreamId id = client.opened();
  CHECK(client.sender
            .send(id, {.type = 0x99, .flags = 3, .is_critical = true, .payload = as_bytes("m")})
            .value());
  CHECK(client.take() == plain_frame(0x99, id, "m", 0x83));
  CHECK(kind_of(client.sender.send(id, {.type = 0x3f})) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.send(id, {.flags = 0x80})) == ErrorKind::invalid_argument);
  const std::string longest(2'048, 'x');
  CHECK(kind_of(client.sender.send(id, message_of(longest + "x"))) == ErrorKind::too_large);
  // OPEN took 32 of 4,096, and the first message 33.
  CHECK(client.sender.send(id, message_of(longest.substr(0, 1'948))).value());
  CHECK(!client.sender.send(id, message_of(longest)).value());
  client.feed(credit_frame(id, kMessageFlow, 28));
  CHECK(!client.sender.send(id, message_of(longest)).value());
  client.feed(credit_frame(id, kMessageFlow, 1));
  CHECK(client.sender.send(id, message_of(longest)).value());
  CHECK(!client.sender.send(id, message_of("")).value());
}

TEST_CASE("with too much unsent no stream is opened or accepted, and no message sent") {
  SessionOptions options = session_options();
  options.unsent_max = 10;
  Client client(options);
  client.feed(open_frame(2));
  REQUIRE(client.sender.open({}, {}).value() == 1);
  CHECK(client.sender.open({}, {}).value() == std::nullopt);
  CHECK(!client.sender.accept(2, {}).value());
  CHECK(!client.sender.send(1, message_of("x")).value());
  CHECK(client.sender.end(1, kMessageFlow, {}).has_value());
  client.take();
  CHECK(client.sender.accept(2, {}).value());
}

TEST_CASE("DATA takes what credit, frame and data_max allow, with what is queued before it") {
  SessionOptions options = session_options();
  options.flow_credit = 10'000;
  Client client(options);
  const SessionStreamId id = client.opened();
  CHECK(client.sender.send(id, message_of("m")).value());
  std::string out;
  CHECK(client.sender.begin_data(id, 0, 99'999, out).value() == 2'048 - kDataPrefixBytes);
  CHECK(out.starts_with(plain_frame(kFirstMessageType, id, "m")));
  client.core.options.data_max = 1'000;
  out.clear();
  CHECK(client.sender.begin_data(id, 0, 99'999, out).value() == 1'000);
  client.core.options.data_max = 65'536;
  std::size_t sent = 2'039 + 1'000;
  for (std::size_t n = 1; n != 0; sent += n) {
    out.clear();
    n = client.sender.begin_data(id, 0, 99'999, out).value();
    CHECK(out.empty() == (n == 0));
  }
  CHECK(sent == 10'000);
  client.feed(credit_frame(id, 0, 1));
  CHECK(client.sender.begin_data(id, 0, 99'999, out).value() == 1);
  CHECK(client.sender.begin_data(id, 0, 0, out).value() == 0);
}

TEST_CASE("only own flows are sent, and nothing after their end") {
  Client client;
  const SessionStreamId id = client.opened();
  std::string out;
  for (const std::uint8_t flow : {std::uint8_t{1}, std::uint8_t{2}, kMessageFlow}) {
    CHECK(kind_of(client.sender.begin_data(id, flow, 1, out)) == ErrorKind::invalid_argument);
  }
  CHECK(kind_of(client.sender.end(id, 1, {})) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.end(id, kMessageFlow, {})) == ErrorKind::invalid_argument);
  const std::string trailer(kTrailerMax + 1, 'x');
  CHECK(kind_of(client.sender.end(id, 0, as_bytes(trailer))) == ErrorKind::invalid_argument);
  CHECK(client.sender.end(id, 0, as_bytes(trailer).first(kTrailerMax)).has_value());
  CHECK(kind_of(client.sender.end(id, 0, {})) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.begin_data(id, 0, 1, out)) == ErrorKind::invalid_argument);
  CHECK(kind_of(client.sender.end(id, kMessageFlow, as_bytes("x"))) == ErrorKind::invalid_argument);
  CHECK(client.sender.end(id, kMessageFlow, {}).has_value());
  CHECK(kind_of(client.sender.send(id, message_of("x"))) == ErrorKind::invalid_argument);
  CHECK(out.empty());
}

TEST_CASE("the end of messages has their number") {
  Client client;
  const SessionStreamId id = client.opened({0, 0});
  for (int i = 0; i < 3; ++i) REQUIRE(client.sender.send(id, message_of("x")).value());
  client.take();
  CHECK(client.sender.end(id, kMessageFlow, {}).has_value());
  CHECK(client.take() == end_frame(id, kMessageFlow, 3));
}

TEST_CASE("a stream is closed by the end that ends it last") {
  Client client;
  const SessionStreamId id = client.opened({0, 0});
  client.feed(end_frame(id, kMessageFlow, 0));
  CHECK(client.core.streams.size() == 1);
  CHECK(client.sender.end(id, kMessageFlow, {}).has_value());
  CHECK(client.core.streams.size() == 0);
  CHECK(kind_of(client.sender.end(id, kMessageFlow, {})) == ErrorKind::closed);
}

TEST_CASE("after a reset nothing is sent, and each end resets once") {
  Client client;
  const SessionStreamId id = client.opened();
  client.sender.reset(id, ResetCode::cancelled, "text");
  client.sender.reset(id, ResetCode::failed, "again");
  CHECK(client.take() == reset_frame(id));
  CHECK(kind_of(client.sender.send(id, message_of("x"))) == ErrorKind::closed);
  client.feed(reset_frame(id));
  client.sender.reset(id, ResetCode::cancelled, {});
  CHECK(client.take().empty());

  const SessionStreamId other = client.opened();
  client.feed(reset_frame(other));
  CHECK(kind_of(client.sender.send(other, message_of("x"))) == ErrorKind::reset);
  client.sender.reset(other, ResetCode::cancelled, "text");
  client.sender.reset(other, ResetCode::cancelled, "text");
  CHECK(client.take() == reset_frame(other));
  CHECK(kind_of(client.sender.send(other, message_of("x"))) == ErrorKind::closed);
}

TEST_CASE("after the end of the session every use fails with its reason") {
  Client client;
  const SessionStreamId id = client.opened();
  client.feed(goodbye_frame(0, SessionCode::internal, "no memory"));
  std::string out;
  CHECK(kind_of(client.sender.open({}, {})) == ErrorKind::reset);
  CHECK(kind_of(client.sender.accept(2, {})) == ErrorKind::reset);
  CHECK(kind_of(client.sender.send(id, message_of("x"))) == ErrorKind::reset);
  CHECK(kind_of(client.sender.begin_data(id, 0, 1, out)) == ErrorKind::reset);
  CHECK(kind_of(client.sender.end(id, 0, {})) == ErrorKind::reset);
  client.sender.reset(id, ResetCode::cancelled, {});
  CHECK(client.take().empty());
}

}  // namespace hotline::session::sender_test
