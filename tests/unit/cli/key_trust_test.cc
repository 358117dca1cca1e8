#include "cli/key_trust.h"

#include <doctest/doctest.h>

#include "cli/home.h"
#include "hotline/auth/key_store.h"
#include "support/temporary_directory.h"

namespace hotline::cli::key_trust_test {

TEST_CASE("a home without keys trusts no caller, and has nothing to present") {
  const test::TemporaryDirectory directory;
  const auto trust = server_trust(directory.path());
  REQUIRE(trust);
  CHECK_FALSE(trust->accepted);
  const auto presented = client_trust(directory.path()).credential("alice", "");
  REQUIRE_FALSE(presented);
  CHECK(presented.error().kind == ErrorKind::not_found);
}

TEST_CASE("a key that one home made is accepted there and presented by the home that added it") {
  const test::TemporaryDirectory server_home;
  const test::TemporaryDirectory client_home;
  const auto made = KeyStore(Home(server_home.path()).key_directory()).create("alice");
  REQUIRE(made);
  REQUIRE(KeyStore(Home(client_home.path()).key_directory()).add(*made));
  const auto presented = client_trust(client_home.path()).credential("alice", "");
  REQUIRE(presented);
  const auto trust = server_trust(server_home.path());
  REQUIRE(trust);
  const auto accepted = trust->accepted(presented->identity);
  REQUIRE(accepted);
  CHECK(accepted->key == presented->key);
  CHECK(accepted->name == "alice");
  CHECK_FALSE(trust->accepted("hotline1:other:alice"));
}

}  // namespace hotline::cli::key_trust_test
