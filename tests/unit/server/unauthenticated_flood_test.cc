#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/auth/connect_authenticated.h"
#include "hotline/net/connect.h"
#include "support/on_each_word.h"
#include "support/running_server.h"
#include "support/secret_file.h"
#include "support/sockets.h"

// Limits for callers that are not authenticated, through the public Server, under every word.

namespace hotline::unauthenticated_flood_test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kChallengeBytes = 32;
constexpr char kPenalised[] = "refused: earlier callers from there did not authenticate";
constexpr char kTooMany[] = "refused: too many callers are not authenticated yet";
constexpr std::initializer_list<const char*> kConcurrent = {"threads:64", "processes:64", "loops:1",
                                                            "loops:2"};

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

/// Hangs up when the server has.
void answer_wrongly(UniqueFd caller) {
  test::send_text(caller.get(), std::string(kChallengeBytes, 'x'));
  test::receive_until_end(caller.get());
}

/// A server whose callers know a secret, or do not.
class Guarded {
 public:
  explicit Guarded(ServerOptions options)
      : server_(logging(options), "tcp://127.0.0.1:0?" + file_.options("hmac-sha256"), echo) {}

  /// A caller that says nothing. The server waits for its answer.
  UniqueFd silent() const {
    UniqueFd caller = test::connect_tcp(server_.port());
    CHECK(test::receive_text(caller.get(), kChallengeBytes).size() == kChallengeBytes);
    return caller;
  }
  bool is_reset() const { return test::is_reset(test::connect_tcp(server_.port()).get()); }
  bool is_good_call_answered() const {
    auto call = good();
    return call && is_answered(*call);
  }
  Result<Stream> good() const {
    return connect_authenticated(server_.endpoint().to_string() + "?" +
                                 file_.options("hmac-sha256"));
  }
  static bool is_answered(Stream& call) {
    std::string text = "hello";
    return call.write_all(as_bytes(text)) &&
           call.read_exact(std::as_writable_bytes(std::span(text))) && text == "hello";
  }
  /// Answers wrongly, and waits until the server has refused that.
  void fail() const {
    answer_wrongly(silent());
    log_.wait_for("refused: not authenticated", ++failures_);
  }
  /// Hangs up instead of an answer, and waits until the server has noticed.
  void hang_up() const {
    silent();
    log_.wait_for("call ended", ++hang_ups_);
  }
  void wait_for_calls(std::uint64_t count) {
    while (server_.server().counters().calls_in_flight != count) std::this_thread::yield();
  }

  std::uint64_t refusals(Refusal reason) { return server_.server().counters().refusals(reason); }
  const test::CollectingLog& log() const { return log_; }
  test::RunningServer& server() { return server_; }

 private:
  ServerOptions& logging(ServerOptions& options) {
    options.log = &log_;
    return options;
  }

  test::SecretFile file_;
  test::CollectingLog log_;
  test::RunningServer server_;
  mutable std::ptrdiff_t failures_ = 0;
  mutable std::ptrdiff_t hang_ups_ = 0;
};

ServerOptions with_limit(ServerOptions options, std::size_t full) {
  options.limits.unauthenticated = EarlyDrop{.start = full, .percent = 100, .full = full};
  return options;
}

ServerOptions with_penalties(ServerOptions options, PenalisedCallers callers) {
  options.penalties.callers = callers;
  // Three of the one or two of the other, however much time passes between them.
  options.penalties.failed_authentication = 50s;
  options.penalties.no_authentication = 50s;
  options.penalties.timed_out = 75s;
  options.penalties.enforced_from = 120s;
  return options;
}

/// Returns the place of one that has something to read.
std::size_t wait_readable(const std::vector<UniqueFd>& callers) {
  std::vector<pollfd> waiting;
  for (const UniqueFd& caller : callers) waiting.push_back({caller.get(), POLLIN, 0});
  REQUIRE(::poll(waiting.data(), waiting.size(), 60'000) > 0);
  const auto is_ready = [](const pollfd& each) { return each.revents != 0; };
  return static_cast<std::size_t>(std::ranges::find_if(waiting, is_ready) - waiting.begin());
}

bool is_open_and_silent(const UniqueFd& caller) {
  char byte = 0;
  return ::recv(caller.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/// `count` callers that begin a handshake with `begin` and do not end it.
std::vector<UniqueFd> slow_callers(std::uint16_t port, std::size_t count, std::string_view begin) {
  std::vector<UniqueFd> callers;
  for (std::size_t i = 0; i < count; ++i) {
    callers.push_back(test::connect_tcp(port));
    test::send_text(callers.back().get(), begin);
  }
  return callers;
}

Psk key_of_alice() {
  return {.identity = "alice", .key = Secret(as_bytes(std::string(32, 'k'))), .name = "alice"};
}

}  // namespace

TEST_CASE("a server with room for few calls lets callers wait for it, and refuses none") {
  test::on_each_word(
      [](ServerOptions options) {
        options.limits.connections_max = 4;
        options.limits.connections_per_peer_max = 100;
        Guarded server(std::move(options));
        std::vector<UniqueFd> callers;
        for (int i = 0; i < 12; ++i) {
          callers.push_back(test::connect_tcp(server.server().port()));
        }
        while (!callers.empty()) {
          const std::size_t served = wait_readable(callers);
          CHECK(test::receive_text(callers[served].get(), kChallengeBytes).size() ==
                kChallengeBytes);
          callers.erase(callers.begin() + static_cast<std::ptrdiff_t>(served));
        }
        CHECK(server.server().server().counters().refusals(Refusal::too_many_unauthenticated) == 0);
      },
      {"threads:4", "processes:4", "loops:1", "loops:2"});
}

TEST_CASE("callers beyond the limit for those that are not authenticated are reset and counted") {
  test::on_each_word(
      [](const ServerOptions& options) {
        Guarded server(with_limit(options, 2));
        UniqueFd first = server.silent();
        const UniqueFd second = server.silent();
        CHECK(server.is_reset());
        CHECK(server.is_reset());
        CHECK(server.refusals(Refusal::too_many_unauthenticated) == 2);
        // However many are refused, one line in ten seconds says so.
        CHECK(server.log().services_with(kTooMany).size() == 1);
        first.reset();
        server.wait_for_calls(1);
        CHECK(server.is_good_call_answered());
      },
      kConcurrent);
}

TEST_CASE("one call at a time counts too, over all endpoints of a server") {
  const test::SecretFile file;
  test::AddedServer running(with_limit(test::options_for("serial"), 1), [&](Server& server) {
    for (int i = 0; i < 2; ++i) {
      REQUIRE(server.add("tcp://127.0.0.1:0?" + file.options("hmac-md5"), echo));
    }
    REQUIRE(server.add("tcp://127.0.0.1:0", echo));
  });
  const auto port = [&](std::size_t at) { return running.server().services()[at].endpoint.port(); };
  const UniqueFd silent = test::connect_tcp(port(0));
  test::receive_text(silent.get(), kChallengeBytes);
  CHECK(test::is_reset(test::connect_tcp(port(1)).get()));
  CHECK(running.server().service_counters()[1].counters.refusals(
            Refusal::too_many_unauthenticated) == 1);
  // A service without an authentication has no such limit.
  const UniqueFd other = test::connect_tcp(port(2));
  test::send_text(other.get(), "hello");
  CHECK(test::receive_text(other.get(), 5) == "hello");
}

TEST_CASE("callers that are authenticated do not count, nor do those that have ended") {
  test::on_each_word(
      [](const ServerOptions& options) {
        Guarded server(with_limit(options, 1));
        std::vector<Stream> calls;
        for (int i = 0; i < 5; ++i) {
          auto call = server.good();
          REQUIRE(call);
          // Answered: so the server has authenticated it before the next one calls.
          REQUIRE(Guarded::is_answered(*call));
          calls.push_back(std::move(*call));
        }
        server.fail();
        server.wait_for_calls(5);
        const UniqueFd silent = server.silent();
        CHECK(server.is_reset());
        CHECK(server.refusals(Refusal::too_many_unauthenticated) == 1);
        for (Stream& call : calls) CHECK(Guarded::is_answered(call));
      },
      kConcurrent);
}

TEST_CASE("a framed call that is authenticated does not count either") {
  const test::SecretFile file;
  test::on_each_word(
      [&](const ServerOptions& options) {
        test::RunningServer server(
            with_limit(options, 1), "tcp://127.0.0.1:0?framing=lines&" + file.options("hmac-md5"),
            Handler([](const Message& message) -> Reply { return test::text_of(message); }));
        const std::string uri = server.endpoint().to_string() + "?" + file.options("hmac-md5");
        auto first = connect_authenticated(uri);
        REQUIRE(first);
        std::string line = "one\n";
        REQUIRE(first->write_all(as_bytes(line)));
        REQUIRE(first->read_exact(std::as_writable_bytes(std::span(line))));
        auto second = connect_authenticated(uri);
        REQUIRE(second);
        REQUIRE(second->write_all(as_bytes(line)));
        CHECK(second->read_exact(std::as_writable_bytes(std::span(line))));
      },
      kConcurrent);
}

TEST_CASE("a source whose callers fail repeatedly is refused at the accept, good callers too") {
  test::on_each_word([](const ServerOptions& options) {
    Guarded server(with_penalties(options, PenalisedCallers::all));
    server.fail();
    server.fail();
    CHECK(server.is_good_call_answered());
    server.fail();
    CHECK(server.is_reset());
    CHECK(server.is_reset());
    CHECK_FALSE(server.is_good_call_answered());
    CHECK(server.refusals(Refusal::penalised) == 3);
    CHECK(server.refusals(Refusal::not_authenticated) == 3);
    CHECK(server.log().services_with(kPenalised).size() == 1);
  });
}

TEST_CASE("callers that hang up before the end of the handshake are penalised") {
  test::on_each_word([](const ServerOptions& options) {
    Guarded server(with_penalties(options, PenalisedCallers::all));
    for (int i = 0; i < 3; ++i) server.hang_up();
    CHECK(server.is_reset());
    CHECK(server.refusals(Refusal::penalised) == 1);
  });
}

TEST_CASE("callers that let the time for the handshake pass are penalised") {
  test::on_each_word([](const ServerOptions& given) {
    ServerOptions options = with_penalties(given, PenalisedCallers::all);
    options.authentication_timeout = 1ms;
    Guarded server(options);
    for (int i = 0; i < 2; ++i) {
      test::receive_until_end(test::connect_tcp(server.server().port()).get());
      server.log().wait_for("refused: not authenticated", i + 1);
    }
    CHECK(server.is_reset());
    CHECK(server.refusals(Refusal::penalised) == 1);
  });
}

TEST_CASE("callers on this machine get no penalty unless it is asked for") {
  test::on_each_word([](const ServerOptions& options) {
    for (const auto callers : {PenalisedCallers::none, PenalisedCallers::other_machines}) {
      Guarded server(with_penalties(options, callers));
      for (int i = 0; i < 4; ++i) server.fail();
      CHECK(server.is_good_call_answered());
      CHECK(server.refusals(Refusal::penalised) == 0);
    }
  });
}

TEST_CASE("a penalty applies to services with an authentication, and to calls that begin later") {
  const test::SecretFile file;
  test::CollectingLog log;
  ServerOptions options = with_penalties(test::options_for("loops:1"), PenalisedCallers::all);
  options.log = &log;
  test::AddedServer running(options, [&](Server& server) {
    for (int i = 0; i < 2; ++i) {
      REQUIRE(server.add("tcp://127.0.0.1:0?" + file.options("hmac-md5"), echo));
    }
    REQUIRE(server.add("tcp://127.0.0.1:0", echo));
  });
  const auto services = running.server().services();
  auto good =
      connect_authenticated(services[0].endpoint.to_string() + "?" + file.options("hmac-md5"));
  REQUIRE(good);
  CHECK(Guarded::is_answered(*good));
  for (int i = 0; i < 3; ++i) {
    answer_wrongly(test::connect_tcp(services[0].endpoint.port()));
    log.wait_for("refused: not authenticated", i + 1);
  }
  CHECK(test::is_reset(test::connect_tcp(services[1].endpoint.port()).get()));
  CHECK(Guarded::is_answered(*good));
  const UniqueFd other = test::connect_tcp(services[2].endpoint.port());
  test::send_text(other.get(), "hello");
  CHECK(test::receive_text(other.get(), 5) == "hello");
}

TEST_CASE("a good caller with a challenge is answered while many slow handshakes are open") {
  test::on_each_word(
      [](const ServerOptions& options) {
        Guarded server(with_limit(options, 60));
        std::vector<UniqueFd> slow;
        for (int i = 0; i < 40; ++i) {
          slow.push_back(server.silent());
          test::send_text(slow.back().get(), "x");
        }
        CHECK(server.is_good_call_answered());
        for (const UniqueFd& each : slow) CHECK(is_open_and_silent(each));
      },
      kConcurrent);
}

TEST_CASE("a good caller over TLS is answered while many slow handshakes are open") {
  // The head of a record with a ClientHello, and of that message.
  constexpr std::string_view kBegin("\x16\x03\x01\x01\x00\x01\x00\x00\xfc", 9);
  test::on_each_word(
      [&](const ServerOptions& given) {
        ServerOptions options = with_limit(given, 60);
        options.tls.accepted = [](std::string_view) { return std::optional(key_of_alice()); };
        test::RunningServer server(options, "tls://127.0.0.1:0", echo);
        const auto slow = slow_callers(server.port(), 40, kBegin);
        TlsOptions tls;
        tls.credential = [](std::string_view, std::string_view) {
          return Result<Psk>(key_of_alice());
        };
        auto call = connect(server.endpoint(), ConnectOptions{.tls = tls});
        REQUIRE(call);
        CHECK(Guarded::is_answered(*call));
        for (const UniqueFd& each : slow) CHECK(is_open_and_silent(each));
      },
      kConcurrent);
}

TEST_CASE("limits that make no sense are refused when the server is bound") {
  const auto refusal = [](const std::function<void(ServerOptions&)>& change) {
    ServerOptions options;
    change(options);
    Server server(options);
    REQUIRE(server.add("tcp://127.0.0.1:0", echo));
    const auto bound = server.bind();
    return bound ? "" : bound.error().message();
  };
  CHECK(refusal([](ServerOptions& options) {
          options.limits.unauthenticated = EarlyDrop{.start = 0, .percent = 30, .full = 10};
        }).find("START is 0") != std::string::npos);
  CHECK(refusal([](ServerOptions& options) {
          options.penalties.sources_max = 0;
        }).find("Penalties::sources_max is 0") != std::string::npos);
  CHECK(refusal([](ServerOptions&) {}).empty());
}

}  // namespace hotline::unauthenticated_flood_test
