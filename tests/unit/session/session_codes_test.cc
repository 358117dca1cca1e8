#include "hotline/session/session_codes.h"

#include <doctest/doctest.h>

namespace hotline::session_codes_test {

TEST_CASE("each code of a session has its name") {
  CHECK(name_of(SessionCode::drain) == "drain");
  CHECK(name_of(SessionCode::flood) == "flood");
  CHECK(name_of(SessionCode::internal) == "internal");
  CHECK(name_of(ResetCode::not_needed) == "not_needed");
  CHECK(name_of(ResetCode::limit) == "limit");
}

TEST_CASE("a code that a peer made up is unknown, and one of the protocol above is its own") {
  CHECK(name_of(static_cast<SessionCode>(13)) == "unknown");
  CHECK(name_of(static_cast<SessionCode>(255)) == "unknown");
  CHECK(name_of(static_cast<SessionCode>(256)) == "own");
  CHECK(name_of(static_cast<SessionCode>(65'535)) == "own");
  CHECK(name_of(static_cast<ResetCode>(6)) == "unknown");
  CHECK(name_of(static_cast<ResetCode>(256)) == "own");
}

}  // namespace hotline::session_codes_test
