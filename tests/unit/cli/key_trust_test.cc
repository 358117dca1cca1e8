#include "cli/key_trust.h"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/home.h"
#include "hotline/auth/key_store.h"
#include "hotline/auth/psk_derivation.h"
#include "support/temporary_directory.h"

namespace hotline::cli::key_trust_test {

TEST_CASE("a home without keys trusts no caller, and has nothing to present") {
  const test::TemporaryDirectory directory;
  ServerOptions options;
  REQUIRE(trust_callers(directory.path(), options));
  CHECK_FALSE(options.tls.accepted);
  const auto presented = client_trust(directory.path()).credential("alice", "");
  REQUIRE_FALSE(presented);
  CHECK(presented.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(presented.error().hint().empty());
}

TEST_CASE("the directory of keys is made for a server that may be confined, and for no other") {
  for (const Confine confine : {Confine::never, Confine::if_possible, Confine::required}) {
    const test::TemporaryDirectory directory;
    const std::string home = directory.path() + "/home";
    ServerOptions options;
    options.confinement.confine = confine;
    REQUIRE(trust_callers(home, options));
    CHECK(std::filesystem::exists(Home(home).key_directory()) == (confine != Confine::never));
  }
}

TEST_CASE("a key that one home made is accepted there and presented by the home that added it") {
  const test::TemporaryDirectory server_home;
  const test::TemporaryDirectory client_home;
  const auto made = KeyStore(Home(server_home.path()).key_directory()).create("alice");
  REQUIRE(made);
  REQUIRE(KeyStore(Home(client_home.path()).key_directory()).add(*made));
  const auto presented = client_trust(client_home.path()).credential("alice", "");
  REQUIRE(presented);
  ServerOptions options;
  REQUIRE(trust_callers(server_home.path(), options));
  const auto accepted = options.tls.accepted(presented->identity);
  REQUIRE(accepted);
  CHECK(accepted->key == presented->key);
  CHECK(accepted->name == "alice");
  CHECK_FALSE(options.tls.accepted("hotline1:other:alice"));
}

TEST_CASE("a server that reloads accepts the keys that the home has then") {
  const test::TemporaryDirectory home;
  const KeyStore store(Home(home.path()).key_directory());
  const auto alice = store.create("alice");
  REQUIRE(alice);
  ServerOptions options;
  REQUIRE(trust_callers(home.path(), options));
  REQUIRE(store.remove({"alice", ""}));
  const auto read = options.on_reload();
  REQUIRE(read);
  const std::string identity = psk_identity(alice->server_id, "alice");
  CHECK(options.tls.accepted(identity));
  CHECK(options.tls.accepted_names() == std::vector<std::string>{"alice"});
  (*read)();
  CHECK_FALSE(options.tls.accepted(identity));
  CHECK(options.tls.accepted_names().empty());
}

}  // namespace hotline::cli::key_trust_test
