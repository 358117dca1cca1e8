#include "hotline/session/session_event.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::session_event_test {
namespace {

using Cause = SessionFailure::Cause;

Error error_of(Cause cause, SessionCode code, std::string text) {
  return SessionFailure{cause, code, std::move(text)}.to_error("tcp://127.0.0.1:1");
}

}  // namespace

TEST_CASE("each cause of a failure is an error of its kind, which names the endpoint") {
  struct Row {
    Cause cause;
    ErrorKind kind;
    std::string_view text;
  };
  for (const Row& each : {Row{Cause::cut, ErrorKind::truncated, "before the session did"},
                          {Cause::violated, ErrorKind::protocol_violation, "the peer sent x"},
                          {Cause::silent, ErrorKind::unresponsive, "for too long"},
                          {Cause::by_peer, ErrorKind::reset, "(protocol): sent x"},
                          {Cause::here, ErrorKind::cancelled, "this end broke it off: sent x"}}) {
    const Error error = error_of(each.cause, SessionCode::protocol, "sent x");
    CHECK(error.kind == each.kind);
    CHECK(error.message().find(each.text) != std::string::npos);
    CHECK(error.message().find("tcp://127.0.0.1:1") != std::string::npos);
  }
}

TEST_CASE("the text of a peer is escaped") {
  const Error error = error_of(Cause::by_peer, SessionCode::internal, "\x1b[2Jgone\n");
  CHECK(error.message().find('\x1b') == std::string::npos);
  CHECK(error.message().find("\\x1b[2Jgone\\n") != std::string::npos);
}

TEST_CASE("a failure to agree has a hint") {
  CHECK(error_of(Cause::violated, SessionCode::other_protocol, "x").hint().find("endpoint") !=
        std::string::npos);
  CHECK(error_of(Cause::by_peer, SessionCode::version, "x").hint().find("update") !=
        std::string::npos);
}

}  // namespace hotline::session_event_test
