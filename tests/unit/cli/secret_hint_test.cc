#include "cli/secret_hint.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::cli::secret_hint_test {
namespace {

constexpr char kChallenged[] = "tcp://127.0.0.1:8000?auth=hmac-md5&secret-file=key";

std::string hint_after(ErrorKind kind, std::string_view uri) {
  const auto result =
      with_secret_hint(fail(make_error(kind, "receive from", "x", "it ended", "old hint")), uri);
  return result ? "success" : result.error().hint();
}

TEST_CASE("an endpoint has a challenge if it has the option auth") {
  CHECK(has_challenge(kChallenged));
  CHECK(has_challenge("unix:@x?framing=mp&auth=mp"));
  CHECK_FALSE(has_challenge("tcp://127.0.0.1:8000?framing=lines"));
  CHECK_FALSE(has_challenge("unix:///auth"));
  CHECK_FALSE(has_challenge("not an endpoint?auth=mp"));
}

TEST_CASE("after the end of a call with a challenge the hint asks about the secret") {
  for (const ErrorKind kind : {ErrorKind::closed, ErrorKind::reset, ErrorKind::truncated}) {
    CHECK(hint_after(kind, kChallenged) == "is the secret the same on both sides?");
    CHECK(hint_after(kind, "tcp://127.0.0.1:8000") == "old hint");
  }
}

TEST_CASE("another failure keeps its hint, and a success is one") {
  CHECK(hint_after(ErrorKind::timed_out, kChallenged) == "old hint");
  CHECK(with_secret_hint({}, kChallenged));
}

}  // namespace
}  // namespace hotline::cli::secret_hint_test
