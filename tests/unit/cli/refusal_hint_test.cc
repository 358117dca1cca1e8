#include "cli/refusal_hint.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::cli::refusal_hint_test {
namespace {

constexpr char kChallenged[] = "tcp://127.0.0.1:8000?auth=hmac-md5&secret-file=key";
constexpr char kNotAllowed[] = "the server may not allow this caller: its log says why";
constexpr char kSameSecret[] = "is the secret the same on both sides? ";

constexpr ErrorKind kEnds[] = {ErrorKind::closed, ErrorKind::reset, ErrorKind::truncated};

std::string hint_after(ErrorKind kind, std::string_view uri, std::string old = {}) {
  const auto result =
      with_refusal_hint(fail(make_error(kind, "receive from", "x", "it ended", old)), uri);
  return result ? "success" : result.error().hint();
}

TEST_CASE("an endpoint has a challenge if it has the option auth") {
  CHECK(has_challenge(kChallenged));
  CHECK(has_challenge("unix:@x?framing=mp&auth=mp"));
  CHECK_FALSE(has_challenge("tcp://127.0.0.1:8000?framing=lines"));
  CHECK_FALSE(has_challenge("unix:///auth"));
  CHECK_FALSE(has_challenge("not an endpoint?auth=mp"));
}

TEST_CASE("after the end of a call where callers are known the hint is that it may be refused") {
  for (const ErrorKind kind : kEnds) {
    for (const char* uri :
         {"tls://127.0.0.1:8000", "tls://alice@h:1?framing=lines", "unix:///x", "unix:@x"}) {
      CHECK(hint_after(kind, uri) == kNotAllowed);
      CHECK(hint_after(kind, uri, "old hint") == "old hint");
    }
    CHECK(hint_after(kind, "tcp://127.0.0.1:8000").empty());
    CHECK(hint_after(kind, "not an endpoint").empty());
  }
}

TEST_CASE("after the end of a call with a challenge the hint asks about the secret too") {
  for (const ErrorKind kind : kEnds) {
    CHECK(hint_after(kind, kChallenged) == std::string(kSameSecret) + kNotAllowed);
    CHECK(hint_after(kind, kChallenged, "old hint") == std::string(kSameSecret) + "old hint");
  }
}

TEST_CASE("another failure keeps its hint, and a success is one") {
  CHECK(hint_after(ErrorKind::timed_out, kChallenged, "old hint") == "old hint");
  CHECK(hint_after(ErrorKind::timed_out, "tls://h:1", "old hint") == "old hint");
  CHECK(with_refusal_hint({}, kChallenged));
}

}  // namespace
}  // namespace hotline::cli::refusal_hint_test
