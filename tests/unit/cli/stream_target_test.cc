#include "cli/stream_target.h"

#include <doctest/doctest.h>

namespace hotline::cli::stream_target_test {

TEST_CASE("an endpoint is parsed with its framing") {
  const auto parsed = StreamTarget::parse("tcp://127.0.0.1:8000?framing=lines&nodelay=off");
  REQUIRE(parsed);
  CHECK(parsed->target.endpoint.port() == 8000);
  CHECK(parsed->framing.kind == Framing::Kind::lines);
  CHECK_FALSE(parsed->challenge);
}

TEST_CASE("options that no caller has are refused") {
  for (const char* uri : {"tcp://127.0.0.1:1?backlog=5", "tcp://127.0.0.1:1?none=1", "127.0.0.1:1",
                          "tcp://127.0.0.1:1?auth=hmac-sha256", "tcp://127.0.0.1:1?framing=none"}) {
    CAPTURE(uri);
    const auto parsed = StreamTarget::parse(uri);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid_argument);
  }
}

}  // namespace hotline::cli::stream_target_test
