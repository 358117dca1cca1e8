#pragma once

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/net/stream.h"
#include "hotline/session/session.h"
#include "support/sockets.h"

namespace hotline::test {

/// Options of a session for tests: the defaults, with four types of messages.
inline SessionOptions pair_options() {
  SessionOptions options;
  options.protocol = "test/1";
  options.message_types = 4;
  return options;
}

/// Returns two streams that are connected to each other.
inline std::pair<Stream, Stream> connected_streams() {
  auto [one, other] = stream_pair();
  auto first = Stream::adopt(std::move(one));
  auto second = Stream::adopt(std::move(other));
  REQUIRE(first);
  REQUIRE(second);
  return {std::move(*first), std::move(*second)};
}

/// The two ends of a session over a socket pair.
struct SessionPair {
  explicit SessionPair(const SessionOptions& options = pair_options())
      : SessionPair(connected_streams(), options, options) {}
  SessionPair(const SessionOptions& of_client, const SessionOptions& of_server)
      : SessionPair(connected_streams(), of_client, of_server) {}

  Session client;
  Session server;

 private:
  SessionPair(std::pair<Stream, Stream> streams, const SessionOptions& of_client,
              const SessionOptions& of_server)
      : client(started(std::move(streams.first), SessionRole::client, of_client)),
        server(started(std::move(streams.second), SessionRole::server, of_server)) {}

  static Session started(Stream stream, SessionRole role, const SessionOptions& options) {
    auto session = Session::start(std::move(stream), role, options);
    REQUIRE(session);
    return std::move(*session);
  }
};

/// Returns everything that follows on a flow, until its end.
inline std::string read_all(SessionStream& stream, std::uint8_t flow) {
  std::string text;
  for (;;) {
    const auto bytes = stream.read(flow);
    REQUIRE(bytes);
    if (bytes->empty()) return text;
    text += as_text(*bytes);
  }
}

}  // namespace hotline::test
