#include "hotline/session/session_protocol.h"

#include <random>
#include <string>

#include <doctest/doctest.h>

#include "support/session_model.h"

namespace hotline::session_protocol_test {
namespace {

using Kind = SessionEvent::Kind;
using std::chrono::seconds;

const Instant kBegin = Instant{} + std::chrono::hours(1);

SessionOptions options_of(std::string protocol = "test/1") {
  SessionOptions options;
  options.protocol = std::move(protocol);
  options.message_types = 4;
  return options;
}

/// Passes on what `from` has queued; returns the kind of the last event.
Kind pass(SessionProtocol& from, SessionProtocol& to, Instant now = kBegin) {
  std::string bytes;
  from.take_output(bytes);
  Bytes input = as_bytes(bytes);
  Kind last = Kind::none;
  for (;;) {
    const Kind kind = to.receive(input, now).kind;
    if (kind == Kind::none) return last;
    last = kind;
  }
}

/// Two ends that have exchanged HELLO.
struct Pair {
  SessionProtocol client{SessionRole::client, options_of(), kBegin};
  SessionProtocol server{SessionRole::server, options_of(), kBegin};

  Pair() {
    CHECK(pass(client, server) == Kind::ready);
    CHECK(pass(server, client) == Kind::ready);
  }
};

SessionOptions small_options() {
  SessionOptions options = options_of();
  options.frame_max = 1'024;
  options.streams_max = 5;
  options.opened_max = 4;
  options.flow_credit = 700;
  options.message_credit = 2'000;
  options.data_max = 600;
  options.unsent_max = 4'000;
  options.silence_max = kNoTimeout;
  return options;
}

/// Returns what is wrong with a conversation of two ends, or "".
std::string converse(std::uint32_t seed, std::size_t& completed) {
  std::minstd_rand random(seed + 1);
  test::Choices choices = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random()) % bound;
  };
  test::ModelEnd client(SessionRole::client, small_options(), choices);
  test::ModelEnd server(SessionRole::server, small_options(), choices);
  const std::uint32_t piece_max = 1 + choices(2'000);
  const std::uint32_t goodbye_at = choices(1'500);
  for (std::uint32_t turn = 0; turn < 600; ++turn) {
    (choices(2) == 0 ? client : server).act();
    if (turn == goodbye_at) (choices(2) == 0 ? client : server).say_goodbye();
    test::deliver_some(client, server, choices(piece_max + 1));
    test::deliver_some(server, client, choices(piece_max + 1));
  }
  for (int turn = 0; turn < 50; ++turn) {
    client.wind_down();
    server.wind_down();
    test::deliver_some(client, server, SIZE_MAX);
    test::deliver_some(server, client, SIZE_MAX);
  }
  completed += client.completed();
  for (const test::ModelEnd* each : {&client, &server}) {
    if (!each->problem().empty()) return each->problem();
    if (!each->session().is_finished()) return "it does not come to its end";
  }
  return {};
}

}  // namespace

TEST_CASE("a request, its answer, data both ways and the ends pass between two ends") {
  Pair pair;
  const auto id = pair.client.open({1, 1}, as_bytes("request")).value();
  REQUIRE(id == 1);
  CHECK(pass(pair.client, pair.server) == Kind::opened);
  REQUIRE(pair.server.accept(*id, as_bytes("answer")).value());
  std::string out;
  REQUIRE(pair.server.begin_data(*id, 1, 5, out).value() == 5);
  out += "hello";
  Bytes input = as_bytes(out);
  CHECK(pair.client.receive(input, kBegin).kind == Kind::accepted);
  CHECK(as_text(pair.client.receive(input, kBegin).bytes) == "hello");
  CHECK(input.empty());
  CHECK(pair.server.end(*id, 1));
  CHECK(pair.server.end(*id, kMessageFlow));
  CHECK(pass(pair.server, pair.client) == Kind::ended);
  CHECK(pair.client.has(*id));
  CHECK(pair.client.end(*id, 0));
  CHECK(pair.client.end(*id, kMessageFlow));
  CHECK(!pair.client.has(*id));
  CHECK(pair.server.has(*id));
  CHECK(pass(pair.client, pair.server) == Kind::ended);
  CHECK(!pair.server.has(*id));
}

TEST_CASE("an unread flow does not stop the other flow of its stream, nor other streams") {
  Pair pair;
  const auto id = pair.client.open({0, 2}, {}).value().value();
  const auto other = pair.client.open({0, 1}, {}).value().value();
  pass(pair.client, pair.server);
  REQUIRE(pair.server.accept(id, {}).value());
  REQUIRE(pair.server.accept(other, {}).value());
  std::string out;
  while (const std::size_t size = pair.server.begin_data(id, 0, 1'000'000, out).value()) {
    out.append(size, 'x');
  }
  CHECK(pair.server.credit(id, 0) == 0);
  CHECK(pair.server.begin_data(id, 1, 10, out).value() == 10);
  out.append(10, 'x');
  CHECK(pair.server.begin_data(other, 0, 10, out).value() == 10);
}

TEST_CASE("an end that meets another protocol, and its peer, are notified") {
  SessionProtocol client(SessionRole::client, options_of("command/1"), kBegin);
  SessionProtocol server(SessionRole::server, options_of("files/1"), kBegin);
  CHECK(pass(client, server) == Kind::failed);
  CHECK(server.failure()->code == SessionCode::other_protocol);
  CHECK(pass(server, client) == Kind::failed);
  CHECK(client.failure()->code == SessionCode::other_protocol);
}

TEST_CASE("a quiet session lives as long as PING is answered") {
  Pair pair;
  Instant now = kBegin;
  for (int i = 0; i < 20; ++i) {
    now = pair.client.next_deadline().instant();
    CHECK(pair.client.on_time(now).kind == Kind::none);
    CHECK(pair.client.has_output());
    pass(pair.client, pair.server, now);
    pass(pair.server, pair.client, now + std::chrono::milliseconds(5));
    CHECK(pair.client.round_trip() == std::chrono::milliseconds(5));
  }
  CHECK(now > kBegin + seconds(290));
}

TEST_CASE("a session whose peer is silent ends, and says so") {
  Pair pair;
  CHECK(pair.client.on_time(kBegin + seconds(15)).kind == Kind::none);
  CHECK(pair.client.on_time(kBegin + seconds(45)).kind == Kind::failed);
  CHECK(pair.client.failure()->cause == SessionFailure::Cause::silent);
  CHECK(pair.client.on_time(kBegin + seconds(90)).kind == Kind::none);
  CHECK(pair.client.next_deadline().is_never());
  CHECK(pass(pair.client, pair.server) == Kind::failed);
  CHECK(pair.server.failure()->code == SessionCode::unresponsive);
}

TEST_CASE("two ends that say GOODBYE at the same time finish") {
  Pair pair;
  pair.client.say_goodbye();
  pair.server.say_goodbye();
  CHECK(pass(pair.client, pair.server) == Kind::goodbye);
  CHECK(pass(pair.server, pair.client) == Kind::goodbye);
  CHECK(pair.client.is_finished());
  CHECK(pair.server.is_finished());
  CHECK(!pair.client.has_output());
  CHECK(pair.client.receive_end().kind == Kind::none);
}

TEST_CASE("a session that is broken off says why to its peer") {
  Pair pair;
  pair.client.break_off(static_cast<SessionCode>(kOwnCodesFrom + 1), "no disk");
  CHECK(pair.client.failure()->cause == SessionFailure::Cause::here);
  CHECK(pass(pair.client, pair.server) == Kind::failed);
  CHECK(pair.server.failure()->text == "no disk");
  CHECK(pair.server.failure()->code == static_cast<SessionCode>(kOwnCodesFrom + 1));
}

TEST_CASE("two ends that do anything allowed never fail, deliver what was sent, and finish") {
  std::size_t completed = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    CHECK(converse(seed, completed) == "");
  }
  CHECK(completed > 60);
}

}  // namespace hotline::session_protocol_test
