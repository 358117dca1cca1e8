#include "server/missing_keys.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/certificates.h"
#include "support/running_server.h"
#include "support/tls_options.h"

namespace hotline::server::missing_keys_test {
namespace {

using Names = std::vector<std::string>;

constexpr char kNoKey[] = "there is no key: every caller will be refused";
constexpr char kNoSuchKey[] = "allow= has names without a key";

void echo(Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

/// A server that is bound, and whose keys have the names that a test sets.
struct Bound {
  explicit Bound(const std::string& uri, Names names) : known(std::move(names)) {
    ServerOptions options = test::options_for("loops:1");
    options.log = &log;
    options.tls = test::accepting("alice");
    options.tls.accepted_names = [this] { return known; };
    server = std::make_unique<Server>(options);
    REQUIRE(server->add(uri, echo, "echo"));
    REQUIRE(server->bind());
  }

  std::size_t warnings() const { return log.count(LogLevel::warning); }

  Names known;
  test::CollectingLog log;
  std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("names of allow= that no key has are warned about when the server is bound") {
  const Bound bound("tls://127.0.0.1:0?allow=alice,carol,dave", {"bob", "alice"});
  CHECK(bound.log.services_with(kNoSuchKey) == Names{"echo"});
  CHECK(bound.log.has_detail("carol and dave"));
  CHECK(bound.warnings() == 1);
}

TEST_CASE("without a name that no key has there is no warning") {
  for (const char* uri : {"tls://127.0.0.1:0", "tls://127.0.0.1:0?allow=any",
                          "tls://127.0.0.1:0?allow=alice", "tcp://127.0.0.1:0"}) {
    CHECK(Bound(uri, {"alice", "bob"}).warnings() == 0);
  }
}

TEST_CASE("a server that trusts certificates is not warned about keys") {
  test::CertificateAuthority root;
  const auto files = root.issue({{"server"}, "DNS:host"});
  const Bound bound("tls://127.0.0.1:0?allow=carol&cert=" + files.certificate +
                        "&key=" + files.private_key + "&ca=" + root.roots(),
                    {});
  CHECK(bound.warnings() == 0);
}

TEST_CASE("a program that does not say which keys it has is not warned") {
  test::CollectingLog log;
  ServerOptions options = test::options_for("loops:1");
  options.log = &log;
  options.tls = test::accepting("alice");
  Server server(options);
  REQUIRE(server.add("tls://127.0.0.1:0?allow=carol", echo));
  REQUIRE(server.bind());
  CHECK(log.count(LogLevel::warning) == 0);
}

TEST_CASE("a reload that leaves no key, or not that of a name, is warned about") {
  Bound bound("tls://127.0.0.1:0?allow=alice", {"alice"});
  REQUIRE(bound.server->reload());
  CHECK(bound.warnings() == 0);
  bound.known = {"bob"};
  REQUIRE(bound.server->reload());
  CHECK(bound.log.services_with(kNoSuchKey) == Names{"echo"});
  CHECK_FALSE(bound.log.has(kNoKey));
  bound.known = {};
  REQUIRE(bound.server->reload());
  CHECK(bound.log.services_with(kNoKey) == Names{"echo"});
  CHECK(bound.log.has_detail("tls://127.0.0.1:"));
  CHECK(bound.warnings() == 2);
}

}  // namespace hotline::server::missing_keys_test
