#include "hotline/net/identity.h"

#include <doctest/doctest.h>

namespace hotline::identity_test {

using Kind = Identity::Kind;

TEST_CASE("an identity is shown with how it is known") {
  CHECK(Identity{.name = "alice", .kind = Kind::key}.to_string() == "key:alice");
  CHECK(Identity{.name = "CN=carol,O=x", .kind = Kind::certificate}.to_string() ==
        "certificate:CN=carol,O=x");
  CHECK(Identity{.name = "hmac-sha256"}.to_string() == "secret:hmac-sha256");
  CHECK(Identity::of_user({.pid = 3, .uid = 1, .gid = 2}).to_string() == "uid:1,gid:2,pid:3");
}

TEST_CASE("the process of a caller is shown beside what it has proved") {
  const Identity both{.name = "mp", .credentials = PeerCredentials{3, 1, 2}};
  CHECK(both.to_string() == "secret:mp,uid:1,gid:2,pid:3");
}

TEST_CASE("a name cannot end the line of a log, nor move a cursor") {
  CHECK(Identity{.name = "a\nb\x1b[2J\"\xff", .kind = Kind::certificate}.to_string() ==
        R"(certificate:a\nb\x1b[2J\"\xff)");
  const std::string text = Identity{.name = std::string(100'000, 'x')}.to_string();
  CHECK(text.size() < 300);
}

TEST_CASE("a user has proved no name, and a certificate its common name") {
  CHECK(Identity::of_user({.pid = 3, .uid = 1, .gid = 2}).proven_name().empty());
  CHECK(Identity{.name = "alice"}.proven_name() == "alice");
  CHECK(Identity{.name = "CN=a", .kind = Kind::certificate, .common_name = "a"}.proven_name() ==
        "a");
  CHECK(Identity{.name = "CN=a", .kind = Kind::certificate}.proven_name().empty());
}

}  // namespace hotline::identity_test
