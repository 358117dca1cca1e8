#include "hotline/net/tls.h"

#include <sys/socket.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "support/certificates.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/tls_options.h"

namespace hotline::tls_test {
namespace {

using test::accepting;
using test::presenting;

/// A listener on TLS, whose one caller `serve` gets on a thread of its own.
class OneCaller {
 public:
  OneCaller(const TlsOptions& options, std::function<void(Stream&)> serve)
      : listener_(listen("tls://127.0.0.1:0", ListenOptions{.tls = options}).value()),
        endpoint_(listener_.endpoint()),
        thread_([this, serve = std::move(serve)] {
          auto call = listener_.accept();
          if (call) serve(*call);
        }) {}
  ~OneCaller() { thread_.join(); }

  Result<Stream> call(const TlsOptions& options) {
    return connect(endpoint_, ConnectOptions{.tls = options});
  }
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  Listener listener_;
  Endpoint endpoint_;
  std::thread thread_;
};

void echo(Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
  discard(call.shut_down_writes());
}

std::string read_all(Stream& call) {
  std::string text;
  while (const auto bytes = call.receive()) text += as_text(*bytes);
  return text;
}

}  // namespace

TEST_CASE("two ends with one key talk, and each has the identity of the other") {
  test::on_each_engine([] {
    const Identity alice{.name = "alice", .kind = Identity::Kind::key};
    std::optional<Identity> caller;
    {
      OneCaller server(accepting("alice"), [&](Stream& call) {
        CHECK(call.handshake());
        caller = call.identity();
        echo(call);
      });
      auto call = server.call(presenting("alice"));
      REQUIRE(call);
      CHECK(call->is_protected());
      CHECK(call->identity() == alice);
      CHECK(call->write_all(as_bytes("hello")));
      CHECK(call->shut_down_writes());
      CHECK(read_all(*call) == "hello");
      CHECK(call->ended_with(ErrorKind::closed));
    }
    CHECK(caller == alice);
  });
}

TEST_CASE("a listener that is read again goes on accepting with the same keys") {
  auto listener = listen("tls://127.0.0.1:0", ListenOptions{.tls = accepting("alice")});
  REQUIRE(listener);
  const auto read = listener->read_again();
  REQUIRE(read);
  (*read)();
  const Endpoint where = listener->endpoint();
  std::thread server([listener = std::move(*listener)]() mutable {
    auto call = listener.accept();
    if (call) echo(*call);
  });
  auto call = connect(where, ConnectOptions{.tls = presenting("alice")});
  REQUIRE(call);
  CHECK(call->write_all(as_bytes("hello")));
  CHECK(call->shut_down_writes());
  CHECK(read_all(*call) == "hello");
  server.join();
}

TEST_CASE("the first receive of a server completes the handshake") {
  test::on_each_engine([] {
    OneCaller server(accepting("alice"), echo);
    auto call = server.call(presenting("alice"));
    REQUIRE(call);
    CHECK(call->write_all(as_bytes("hello")));
    CHECK(call->shut_down_writes());
    CHECK(read_all(*call) == "hello");
  });
}

TEST_CASE("a megabyte comes back as it was sent") {
  test::on_each_engine([] {
    OneCaller server(accepting("alice"), echo);
    auto call = server.call(presenting("alice"));
    REQUIRE(call);
    std::string text;
    for (int i = 0; text.size() < 1'000'000; ++i) text += std::to_string(i);
    // In pieces, because the echo stops reading while its own writes are not read.
    std::string back;
    for (std::size_t at = 0; at < text.size(); at += 10'000) {
      const std::string piece = text.substr(at, 10'000);
      REQUIRE(call->write_all(as_bytes(piece)));
      std::string part(piece.size(), '\0');
      REQUIRE(call->read_exact(std::as_writable_bytes(std::span(part))));
      back += part;
    }
    CHECK(back == text);
  });
}

TEST_CASE("a wrong key and an unknown name are refused alike, on both ends") {
  test::on_each_engine([] {
    const auto refused = [](const TlsOptions& client) {
      std::string server_kind;
      std::string client_text;
      {
        OneCaller server(accepting("alice"),
                         [&](Stream& call) { server_kind = test::kind_of(call.handshake()); });
        auto call = server.call(client);
        // The client may finish its part before the alert arrives.
        const auto received = call ? call->receive() : fail(call.error());
        REQUIRE_FALSE(received);
        client_text = received.error().detail + '|' + std::string(name_of(received.error().kind));
      }
      return server_kind + ' ' + client_text;
    };
    const std::string wrong_key = refused(presenting("alice", 'x'));
    CHECK(wrong_key.starts_with("permission_denied "));
    CHECK(refused(presenting("mallory")) == wrong_key);
  });
}

TEST_CASE("a server in the middle without the key is refused by the client") {
  test::on_each_engine([] {
    std::string received;
    {
      // It accepts every name, with a key that it has made up.
      OneCaller middle(accepting("alice", 'x'), [&](Stream& call) { received = read_all(call); });
      auto call = middle.call(presenting("alice"));
      const auto answer = call ? call->receive() : fail(call.error());
      REQUIRE_FALSE(answer);
      if (call) CHECK_FALSE(call->write_all(as_bytes("a secret")));
    }
    CHECK(received.empty());
  });
}

TEST_CASE("a caller that does not speak TLS is refused, and what it sent is never read") {
  test::on_each_engine([] {
    std::string kind;
    {
      OneCaller server(accepting("alice"),
                       [&](Stream& call) { kind = test::kind_of(call.receive()); });
      const UniqueFd caller = test::connect_tcp(server.endpoint().port());
      test::send_text(caller.get(), "GET / HTTP/1.1\r\n\r\n");
      test::receive_until_end(caller.get());
    }
    CHECK(kind == "permission_denied");
  });
}

TEST_CASE("both ends derive the same channel binding, and another connection another one") {
  test::on_each_engine([] {
    const auto bindings = [] {
      std::optional<Secret> theirs;
      std::optional<Secret> ours;
      {
        OneCaller server(accepting("alice"), [&](Stream& call) {
          CHECK(call.handshake());
          theirs = call.channel_binding();
        });
        auto call = server.call(presenting("alice"));
        REQUIRE(call);
        ours = call->channel_binding();
        read_all(*call);
      }
      REQUIRE((ours && theirs));
      CHECK(*ours == *theirs);
      CHECK(ours->size() == 32);
      return *ours;
    };
    CHECK_FALSE(bindings() == bindings());
  });
}

TEST_CASE("an end of the connection without an end of TLS is truncated") {
  test::on_each_engine([] {
    OneCaller server(accepting("alice"), [](Stream& call) {
      CHECK(call.handshake());
      CHECK(call.write_all(as_bytes("part")));
      ::shutdown(call.descriptor(), SHUT_RDWR);
    });
    auto call = server.call(presenting("alice"));
    REQUIRE(call);
    CHECK(read_all(*call) == "part");
    CHECK_FALSE(call->ended_with(ErrorKind::closed));
  });
}

TEST_CASE("a server that trusts nothing and a client that presents nothing are refused") {
  const auto detail = [](const auto& made) { return made ? "" : made.error().detail; };
  CHECK(detail(Tls::server({})) == "a server needs keys of callers, or a certificate");
  CHECK(detail(Tls::client({}, "alice", "host")) ==
        "a client needs a key, or the roots of the server's certificate");
  TlsOptions roots_alone = accepting("alice");
  roots_alone.files.roots = "/tmp/roots";
  CHECK(detail(Tls::server(roots_alone)) == "callers with certificates need a server with one");
}

TEST_CASE("an endpoint whose TLS lacks something to trust or to present is named") {
  CHECK(Tls::server({}).error().message() ==
        "cannot set up TLS: a server needs keys of callers, or a certificate");
  const auto listening = listen("tls://127.0.0.1:0", ListenOptions());
  CHECK(listening.error().message() ==
        "cannot listen on tls://127.0.0.1:0: a server needs keys of callers, or a certificate");
  CHECK(connect("tls://alice@127.0.0.1:1").error().message() ==
        "cannot connect to tls://alice@127.0.0.1:1: a client needs a key, or the roots of the "
        "server's certificate");
}

TEST_CASE("a server that hangs up in the handshake may refuse the caller's address: the hint") {
  test::on_each_engine([] {
    OneCaller server(accepting("alice"), [](Stream& call) { call.abort(); });
    const auto call = server.call(presenting("alice"));
    REQUIRE_FALSE(call);
    CHECK(test::kind_of(call) == "reset");
    CHECK(call.error().hint().contains("may also refuse others from here for a while"));
  });
}

TEST_CASE("the hint on a file that cannot be used is about what must be in it") {
  test::CertificateAuthority root;
  const test::CertificateFiles good = root.issue({{"server"}, "DNS:host"});
  const std::string other_key = root.issue({{"other"}}).private_key;
  const auto hint = [](std::string certificate, std::string key, std::string roots) {
    TlsOptions options;
    options.files = {std::move(certificate), std::move(key), std::move(roots)};
    return Tls::server(options).error().hint();
  };
  const std::string form = "the file must be in the PEM form, and have the ";
  CHECK(hint(good.certificate, good.private_key, good.private_key) == form + "roots in it");
  CHECK(hint(good.private_key, good.private_key, "") == form + "certificate in it");
  CHECK(hint(good.certificate, good.certificate, "") == form + "private key in it");
  CHECK(hint(good.certificate, other_key, "") ==
        "does the key belong to the certificate in cert=?");
  CHECK(hint(good.certificate, good.private_key, root.file("missing")) == "check the path");
}

TEST_CASE("a file that cannot be read is named") {
  TlsOptions options;
  options.files.certificate = "/does/not/exist";
  const auto made = Tls::server(options);
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == ErrorKind::invalid_argument);
  CHECK(made.error().endpoint == "/does/not/exist");
}

TEST_CASE("the endpoint of a client names its key, and that is shown") {
  const auto endpoint = Endpoint::parse("tls://alice@localhost:1?server=ab");
  REQUIRE(endpoint);
  CHECK(endpoint->user() == "alice");
  CHECK(endpoint->host() == "localhost");
  CHECK(endpoint->to_uri() == "tls://alice@localhost:1?server=ab");
  CHECK(endpoint->with_port(2).to_string() == "tls://alice@localhost:2");
  CHECK(Endpoint::parse("tls://[::1]:1")->user().empty());
  CHECK(test::kind_of(Endpoint::parse("tls://@localhost:1")) == "invalid_argument");
  CHECK(test::kind_of(Endpoint::parse("tls://a@b@c:1")) == "invalid_argument");
  CHECK(test::kind_of(Endpoint::parse("tcp://alice@localhost:1")) == "invalid_argument");
}

}  // namespace hotline::tls_test
