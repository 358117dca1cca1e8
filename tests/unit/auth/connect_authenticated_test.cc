#include "hotline/auth/connect_authenticated.h"

#include <array>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/secret_file.h"

namespace hotline::connect_authenticated_test {
namespace {

/// Accepts one call, checks its caller with `secret`, and greets the caller.
class Server {
 public:
  Server(Challenge::Scheme scheme, std::string_view secret)
      : challenge_{scheme, Secret(as_bytes(secret))},
        listener_(listen(*Endpoint::parse("tcp://127.0.0.1:0")).value()),
        uri_(listener_.endpoint().to_string()),
        thread_([this] {
          auto call = listener_.accept();
          if (!call) return;
          checked_ = challenge_.check_caller(*call);
          if (checked_) discard(call->write_all(as_bytes("welcome")));
        }) {}

  const std::string& uri() const { return uri_; }

  Result<void> wait() {
    thread_.join();
    return checked_;
  }

 private:
  Challenge challenge_;
  Listener listener_;
  std::string uri_;
  Result<void> checked_;
  std::jthread thread_;
};

std::string greeting(Stream& call) {
  std::array<std::byte, 7> text;
  const auto read = call.read_exact(text);
  return read ? std::string(as_text(text)) : "<" + test::kind_of(read) + ">";
}

TEST_CASE("a connection answers the challenge that its options name, for every scheme") {
  const test::SecretFile file;
  for (const auto scheme :
       {Challenge::Scheme::hmac_md5, Challenge::Scheme::hmac_sha256, Challenge::Scheme::mp}) {
    Server server(scheme, "secret");
    auto call = connect_authenticated(server.uri() + "?" + file.options(name_of(scheme)));
    REQUIRE(call);
    CHECK(greeting(*call) == "welcome");
    CHECK(test::kind_of(server.wait()) == "");
  }
}

TEST_CASE("with mp a wrong secret fails the connection with a hint") {
  const test::SecretFile file("other");
  Server server(Challenge::Scheme::mp, "secret");
  const auto call = connect_authenticated(server.uri() + "?" + file.options("mp"));
  REQUIRE_FALSE(call);
  CHECK(call.error().kind == ErrorKind::permission_denied);
  CHECK(call.error().hint() == "is the secret the same on both sides?");
  CHECK(test::kind_of(server.wait()) == "permission_denied");
}

TEST_CASE("with hmac-md5 a wrong secret is an end without a word") {
  const test::SecretFile file("other");
  Server server(Challenge::Scheme::hmac_md5, "secret");
  auto call = connect_authenticated(server.uri() + "?" + file.options("hmac-md5"));
  REQUIRE(call);
  CHECK(greeting(*call) == "<closed>");
  call->close();
  CHECK(test::kind_of(server.wait()) == "permission_denied");
}

TEST_CASE("a server that sends no challenge is waited for until the time-out of the connection") {
  const test::SecretFile file;
  const auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
  REQUIRE(listener);
  ConnectOptions options;
  options.timeout = std::chrono::milliseconds(30);
  const auto call = connect_authenticated(
      listener->endpoint().to_string() + "?" + file.options("hmac-md5"), options);
  REQUIRE_FALSE(call);
  CHECK(call.error().kind == ErrorKind::timed_out);
  CHECK(call.error().message().find("its challenge did not come in time") != std::string::npos);
}

TEST_CASE("without the options it only connects, and an unknown option is refused") {
  const auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
  REQUIRE(listener);
  CHECK(connect_authenticated(listener->endpoint().to_string()));
  const auto call = connect_authenticated(listener->endpoint().to_string() + "?none=1");
  CHECK(test::kind_of(call) == "invalid_argument");
}

TEST_CASE("a challenge that is not complete or not known is refused before a connection") {
  const auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
  REQUIRE(listener);
  for (const char* options : {"auth=none", "auth=hmac-md5", "secret-file=/secret"}) {
    CAPTURE(options);
    const auto call =
        connect_authenticated(listener->endpoint().to_string() + "?" + std::string(options));
    REQUIRE_FALSE(call);
    CHECK(call.error().kind == ErrorKind::invalid_argument);
  }
}

TEST_CASE("what the caller does on connecting comes after the answer") {
  const test::SecretFile file;
  Server server(Challenge::Scheme::mp, "secret");
  std::string seen;
  ConnectOptions options;
  options.on_connected = [&](Stream& stream) -> Result<void> {
    seen = greeting(stream);
    return {};
  };
  CHECK(connect_authenticated(server.uri() + "?" + file.options("mp"), options));
  CHECK(seen == "welcome");
  CHECK(test::kind_of(server.wait()) == "");
}

TEST_CASE("a failure on connecting is the failure of the connection") {
  const auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
  REQUIRE(listener);
  ConnectOptions options;
  options.on_connected = [](Stream&) -> Result<void> {
    return fail(make_error(ErrorKind::protocol_violation, "greet", "x", "no"));
  };
  CHECK(test::kind_of(connect(listener->endpoint(), options)) == "protocol_violation");
}

}  // namespace
}  // namespace hotline::connect_authenticated_test
