#include "server/challenged_calls.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/auth/connect_authenticated.h"
#include "hotline/framing/frame_stream.h"
#include "support/loops.h"
#include "support/on_each_word.h"
#include "support/running_server.h"
#include "support/secret_file.h"

namespace hotline::server::challenged_calls_test {
namespace {

void echo(Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

Reply echo_message(const Message& message) { return test::text_of(message); }

std::string problem_of(const std::string& uri, const Handler& handler) {
  Server server;
  const auto added = server.add(uri, handler);
  return added ? "" : added.error().message();
}

std::string asked(Stream& call, std::string text) {
  if (!call.write_all(as_bytes(text))) return "<not sent>";
  const auto read = call.read_exact(std::as_writable_bytes(std::span(text)));
  return read ? text : "<" + test::kind_of(read) + ">";
}

TEST_CASE("under every word a caller with the secret is served, and one with another is not") {
  const test::SecretFile file;
  const test::SecretFile other("other");
  test::on_each_word([&](const ServerOptions& options) {
    for (const Choice& scheme : challenge_names()) {
      CAPTURE(scheme.name);
      test::RunningServer server(options, "tcp://127.0.0.1:0?" + file.options(scheme.name), echo);
      const std::string where = server.endpoint().to_string() + "?";
      {
        auto call = connect_authenticated(where + file.options(scheme.name));
        REQUIRE(call);
        CHECK(asked(*call, "hello") == "hello");
      }
      auto refused = connect_authenticated(where + other.options(scheme.name));
      if (refused) CHECK(asked(*refused, "hello") == "<closed>");
    }
  });
}

TEST_CASE("under every word a framed caller with the secret is served") {
  const test::SecretFile file;
  test::on_each_word([&](const ServerOptions& options) {
    test::RunningServer server(options, "tcp://127.0.0.1:0?framing=mp&" + file.options("mp"),
                               Handler(echo_message));
    auto call = connect_authenticated(server.endpoint().to_string() + "?" + file.options("mp"));
    REQUIRE(call);
    FrameStream frames(std::move(*call), Framing{.kind = Framing::Kind::mp});
    REQUIRE(frames.write_frame(as_bytes("hello")));
    const auto reply = frames.read_frame();
    REQUIRE(reply);
    CHECK(as_text(*reply) == "hello");
  });
}

TEST_CASE("a handler learns the scheme as the identity") {
  const test::SecretFile file;
  Handler handler([](Stream& call, const CallInfo& info) {
    discard(call.write_all(as_bytes(info.identity()->name)));
  });
  test::RunningServer server(test::options_for("loops:1"),
                             "tcp://127.0.0.1:0?" + file.options("hmac-sha256"), handler);
  auto call =
      connect_authenticated(server.endpoint().to_string() + "?" + file.options("hmac-sha256"));
  REQUIRE(call);
  std::string name(11, '\0');
  REQUIRE(call->read_exact(std::as_writable_bytes(std::span(name))));
  CHECK(name == "hmac-sha256");
}

TEST_CASE("a caller with a wrong answer is counted and logged as not authenticated") {
  const test::SecretFile file;
  const test::SecretFile other("other");
  test::CollectingLog log;
  ServerOptions options = test::options_for("loops:1");
  options.log = &log;
  test::RunningServer server(options, "tcp://127.0.0.1:0?" + file.options("hmac-md5"), echo);
  auto call =
      connect_authenticated(server.endpoint().to_string() + "?" + other.options("hmac-md5"));
  REQUIRE(call);
  CHECK(asked(*call, "x") == "<closed>");
  call->close();
  log.wait_for("refused: not authenticated");
  CHECK(log.has_detail("its answer to the challenge is wrong"));
}

TEST_CASE("a challenge listens only on this machine unless the server is to be exposed") {
  const test::SecretFile file;
  const std::string uri = "tcp://0.0.0.0:0?" + file.options("hmac-md5");
  for (const Exposure exposure : {Exposure::local, Exposure::anywhere}) {
    ServerOptions options;
    options.exposure = exposure;
    Server server(options);
    REQUIRE(server.add(uri, Handler(echo)));
    const auto bound = server.bind();
    CHECK(bound.has_value() == (exposure == Exposure::anywhere));
    if (bound) continue;
    CHECK(bound.error().kind == ErrorKind::permission_denied);
    CHECK(bound.error().hint().find("tls://") != std::string::npos);
    CHECK(bound.error().hint().find("--insecure") != std::string::npos);
  }
}

TEST_CASE("datagrams, and a handler that authenticates its callers itself, take no challenge") {
  const test::SecretFile file;
  CHECK(problem_of("udp://127.0.0.1:0?" + file.options("mp"), Handler(echo_message))
            .find("datagrams cannot be authenticated") != std::string::npos);
  Handler own(echo);
  own.authenticate([](Stream&) -> Result<Identity> { return Identity{"me"}; });
  CHECK(problem_of("tcp://127.0.0.1:0?" + file.options("mp"), own)
            .find("authenticates its callers itself") != std::string::npos);
  CHECK(problem_of("tcp://127.0.0.1:0?auth=none", Handler(echo))
            .find("there is no authentication 'none'") != std::string::npos);
}

}  // namespace
}  // namespace hotline::server::challenged_calls_test
