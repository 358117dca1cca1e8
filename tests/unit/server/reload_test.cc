#include "server/reload.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/auth/connect_authenticated.h"
#include "support/loops.h"
#include "support/on_each_word.h"
#include "support/secret_file.h"

// Server::reload(), under every word.

namespace hotline::server::reload_test {
namespace {

constexpr const char* kScheme = "hmac-sha256";
constexpr const char* kReloaded = "reloaded: keys, certificates and secrets";
constexpr const char* kKept = "cannot reload: the old keys, certificates and secrets stay in use";

void echo(Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

std::string asked(Stream& call) {
  std::string text = "hello";
  if (!call.write_all(as_bytes(text))) return "<not sent>";
  const auto read = call.read_exact(std::as_writable_bytes(std::span(text)));
  return read ? text : "<" + test::kind_of(read) + ">";
}

std::string answer_to(const std::string& where, const test::SecretFile& file) {
  auto call = connect_authenticated(where + '?' + file.options(kScheme));
  return call ? asked(*call) : "<" + test::kind_of(call) + ">";
}

Error bad_configuration() {
  return make_error(ErrorKind::invalid_argument, "read", "its configuration", "line 7 is bad",
                    "mend it");
}

}  // namespace

TEST_CASE("after a reload new callers need the new secret, and calls under way go on") {
  const test::SecretFile first("first");
  const test::SecretFile second("second");
  test::on_each_word([&](ServerOptions options) {
    if (options.concurrency.kind == Concurrency::Kind::serial) return;
    test::CollectingLog log;
    options.log = &log;
    const test::SecretFile file("first");
    test::RunningServer running(options, "tcp://127.0.0.1:0?" + file.options(kScheme), echo);
    const std::string where = running.endpoint().to_string();
    auto old_call = connect_authenticated(where + '?' + first.options(kScheme));
    REQUIRE(old_call);
    CHECK(asked(*old_call) == "hello");
    file.write("second");
    CHECK(answer_to(where, first) == "hello");
    REQUIRE(running.server().reload());
    CHECK(answer_to(where, second) == "hello");
    CHECK(answer_to(where, first) == "<closed>");
    CHECK(asked(*old_call) == "hello");
    CHECK(log.has(kReloaded));
  });
}

TEST_CASE("a bad file keeps all that was in use, and the log says which it was") {
  const test::SecretFile file("first");
  const test::SecretFile other("other");
  const test::SecretFile first("first");
  test::CollectingLog log;
  ServerOptions options = test::options_for("loops:1");
  options.log = &log;
  test::AddedServer running(options, [&](Server& server) {
    REQUIRE(server.add("tcp://127.0.0.1:0?" + file.options(kScheme), echo));
    REQUIRE(server.add("tcp://127.0.0.1:0?" + other.options(kScheme), echo));
  });
  file.write("second");
  other.write("");
  CHECK(test::kind_of(running.server().reload()) == "invalid_argument");
  CHECK(log.has(kKept));
  CHECK(log.has_detail(other.options(kScheme).substr(other.options(kScheme).find('/'))));
  CHECK_FALSE(log.has(kReloaded));
  CHECK(answer_to(running.endpoint().to_string(), first) == "hello");
}

TEST_CASE("what a handler reads again is used only if everything else is good") {
  const test::SecretFile file("first");
  int used = 0;
  bool is_bad = false;
  const auto echo_that_reloads = [&] {
    return Handler(echo).reload([&]() -> Result<Reloaded> {
      if (is_bad) return fail(bad_configuration());
      return [&] { ++used; };
    });
  };
  test::AddedServer running(test::options_for("loops:1"), [&](Server& server) {
    REQUIRE(server.add("tcp://127.0.0.1:0", echo_that_reloads()));
    REQUIRE(server.add("tcp://127.0.0.1:0?" + file.options(kScheme), echo));
    REQUIRE(server.add("udp://127.0.0.1:0",
                       Handler([](DatagramSocket& socket) {
                         discard(socket.receive());
                       }).reload([&]() -> Result<Reloaded> { return [&] { ++used; }; })));
  });
  REQUIRE(running.server().reload());
  CHECK(used == 2);
  file.write("");
  CHECK_FALSE(running.server().reload());
  CHECK(used == 2);
  file.write("second");
  is_bad = true;
  CHECK(running.server().reload().error().detail == "line 7 is bad");
  CHECK(used == 2);
  is_bad = false;
  REQUIRE(running.server().reload());
  CHECK(used == 4);
}

TEST_CASE("what the program reads again is used only if everything else is good, and last") {
  const test::SecretFile file("first");
  int read = 0;
  int used = 0;
  bool is_bad = false;
  ServerOptions options = test::options_for("threads:2");
  options.on_reload = [&]() -> Result<Reloaded> {
    ++read;
    if (is_bad) return fail(bad_configuration());
    return [&] { ++used; };
  };
  const test::SecretFile first("first");
  const test::SecretFile second("second");
  test::RunningServer running(options, "tcp://127.0.0.1:0?" + file.options(kScheme), echo);
  const std::string where = running.endpoint().to_string();
  REQUIRE(running.server().reload());
  CHECK(read == 1);
  CHECK(used == 1);
  is_bad = true;
  file.write("second");
  const auto failed = running.server().reload();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().detail == "line 7 is bad");
  CHECK(used == 1);
  CHECK(answer_to(where, first) == "hello");
  is_bad = false;
  file.write("");
  CHECK_FALSE(running.server().reload());
  CHECK(used == 1);
  file.write("second");
  REQUIRE(running.server().reload());
  CHECK(used == 2);
  CHECK(answer_to(where, second) == "hello");
}

TEST_CASE("a server can be reloaded from its binding to its end") {
  Server server(test::options_for("loops:1"));
  REQUIRE(server.add("tcp://127.0.0.1:0", echo));
  CHECK(test::kind_of(server.reload()) == "invalid_argument");
  REQUIRE(server.bind());
  CHECK(server.reload());
  server.drain();
  REQUIRE(server.run());
  CHECK(test::kind_of(server.reload()) == "invalid_argument");
}

TEST_CASE("threads reload while callers come and go") {
  const test::SecretFile file("first");
  test::on_each_word(
      [&](const ServerOptions& options) {
        test::RunningServer running(options, "tcp://127.0.0.1:0?" + file.options(kScheme), echo);
        const std::string where = running.endpoint().to_string();
        std::vector<std::thread> reloading;
        for (int i = 0; i < 2; ++i) {
          reloading.emplace_back([&] {
            for (int j = 0; j < 20; ++j) CHECK(running.server().reload());
          });
        }
        for (int i = 0; i < 20; ++i) CHECK(answer_to(where, file) == "hello");
        for (std::thread& each : reloading) each.join();
      },
      {"threads:4", "loops:2"});
}

}  // namespace hotline::server::reload_test
