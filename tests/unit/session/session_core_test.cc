#include "session/session_core.h"

#include <string>

#include <doctest/doctest.h>

#include "support/session_end.h"

namespace hotline::session::session_core_test {
namespace {

using namespace hotline::test;

const SessionOptions kOptions = session_options();

}  // namespace

TEST_CASE("the first bytes of an end are its HELLO") {
  SessionEnd end(SessionRole::client);
  std::string hello;
  append_hello(hello, SessionEnd::hello_of(kOptions));
  CHECK(end.core.has_output());
  CHECK(end.take() == hello);
  CHECK(!end.core.has_output());
  CHECK(end.take().empty());
}

TEST_CASE("what is taken is appended to what the caller has") {
  SessionEnd end(SessionRole::client);
  std::string out = "before";
  end.core.take_output(out);
  CHECK(out.starts_with("before"));
  CHECK(out.size() > 6);
}

TEST_CASE("credit that an accepter grants before it accepts follows its ACCEPT") {
  SessionServer server;
  server.feed(open_frame(1));
  server.core.grant(1, 0, 5);
  server.core.grant(1, 0, 6);
  CHECK(server.take().empty());
  REQUIRE(server.sender.accept(1, as_bytes("answer")).value());
  CHECK(server.take() == accept_frame(1) + credit_frame(1, 0, 11));
}

TEST_CASE("no credit follows a reset, and none is sent for a stream that is closed") {
  SessionServer server;
  server.feed(open_frame(1));
  REQUIRE(server.sender.accept(1, {}).value());
  server.take();
  server.core.grant(1, 0, 5);
  server.sender.reset(1, ResetCode::cancelled, {});
  CHECK(server.take() == reset_frame(1, ResetCode::cancelled, {}));
  server.core.grant(1, 0, 5);
  CHECK(server.take().empty());
  server.feed(reset_frame(1));
  server.core.grant(1, 0, 5);
  CHECK(server.take().empty());
}

TEST_CASE("GOODBYE names the last stream of the peer, and is sent once") {
  SessionServer server;
  server.feed(open_frame(5));
  server.core.say_goodbye();
  server.core.say_goodbye();
  CHECK(server.take() == goodbye_frame(5));
  CHECK(!server.core.is_beyond_goodbye(5));
  CHECK(server.core.is_beyond_goodbye(7));
  CHECK(!server.core.is_beyond_goodbye(8));
}

TEST_CASE("a session is finished when both have said GOODBYE and no stream is left") {
  SessionServer server;
  server.feed(open_frame(1));
  server.core.say_goodbye();
  CHECK(!server.core.is_finished());
  server.feed(goodbye_frame(0));
  CHECK(!server.core.is_finished());
  server.sender.reset(1, ResetCode::refused, {});
  CHECK(!server.core.is_finished());
  server.feed(reset_frame(1));
  CHECK(server.core.is_finished());
}

TEST_CASE("a failure is kept, and later ones change nothing") {
  SessionServer server;
  server.core.fail_with_goodbye(SessionFailure::Cause::here, SessionCode::internal, "first");
  server.core.fail_silently(SessionFailure::Cause::cut, SessionCode::internal, "second");
  server.core.fail_with_goodbye(SessionFailure::Cause::here, SessionCode::flood, "third");
  server.core.say_goodbye();
  CHECK(server.core.failure->text == "first");
  CHECK(server.take() == goodbye_frame(0, SessionCode::internal, "first"));
}

TEST_CASE("after a silent failure nothing is sent") {
  SessionServer server;
  server.feed(ping_frame(1));
  server.core.fail_silently(SessionFailure::Cause::cut, SessionCode::internal, {});
  CHECK(server.take().empty());
}

}  // namespace hotline::session::session_core_test
