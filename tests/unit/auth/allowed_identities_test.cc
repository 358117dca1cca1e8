#include "hotline/auth/allowed_identities.h"

#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::allowed_identities_test {
namespace {

constexpr std::uint32_t kOwner = 500;

AllowedIdentities parsed(std::string_view text) {
  auto allowed = AllowedIdentities::parse(text);
  REQUIRE(allowed);
  return *allowed;
}

std::string refusal_of(std::string_view text) {
  const auto allowed = AllowedIdentities::parse(text);
  if (allowed) return "accepted";
  CHECK(test::kind_of(allowed) == "invalid_argument");
  CHECK_FALSE(allowed.error().hint().empty());
  return allowed.error().detail;
}

bool allows_name(std::string_view text, std::string_view name) {
  return parsed(text).allows({.name = name}, kOwner);
}

bool allows_user(std::string_view text, std::uint32_t uid, std::uint32_t gid = 9) {
  return parsed(text).allows({.user = PeerCredentials{1, uid, gid}}, kOwner);
}

}  // namespace

TEST_CASE("any allows every caller, and is what an empty list means") {
  for (const AllowedIdentities& allowed : {parsed("any"), AllowedIdentities()}) {
    CHECK(allowed.allows_any());
    CHECK(allowed.allows({}, kOwner));
    CHECK(allowed.allows({.name = "alice"}, kOwner));
    CHECK_FALSE((allowed.names_users() || allowed.names_callers()));
  }
}

TEST_CASE("names allow the callers that have proved one of them, and no others") {
  CHECK(allows_name("alice", "alice"));
  CHECK(allows_name("alice,bob", "bob"));
  for (const char* other : {"", "carol", "Alice", "alic", "alice,bob", "uid:1", "owner", "any"}) {
    CHECK_FALSE(allows_name("alice,bob", other));
  }
  CHECK_FALSE(allows_user("alice,bob", kOwner));
  CHECK(parsed("alice").names_callers());
  CHECK_FALSE(parsed("alice").names_users());
}

TEST_CASE("uid and gid allow users of this machine, and no names that look like them") {
  CHECK(allows_user("uid:1000", 1000));
  CHECK(allows_user("uid:0,uid:1000", 0));
  CHECK(allows_user("gid:9", 1000));
  CHECK_FALSE(allows_user("uid:1000", 1001));
  CHECK_FALSE(allows_user("uid:9", 1000));
  CHECK_FALSE(allows_user("gid:1000", 1000));
  CHECK_FALSE(allows_user("uid:1000", 0));
  CHECK_FALSE(allows_name("uid:1000", "uid:1000"));
  CHECK_FALSE(allows_name("uid:1000", "1000"));
  CHECK(parsed("gid:1").names_users());
  CHECK_FALSE(parsed("gid:1").names_callers());
}

TEST_CASE("owner allows the server's own user and root") {
  CHECK(allows_user("owner", kOwner));
  CHECK(allows_user("alice,owner", 0));
  CHECK_FALSE(allows_user("owner", 501));
  CHECK_FALSE(allows_name("owner", "owner"));
  CHECK(parsed("owner").names_users());
}

TEST_CASE("a caller is allowed by its name or by its user") {
  const AllowedIdentities allowed = parsed("alice,uid:1000");
  const auto allows = [&](std::string_view name, std::uint32_t uid) {
    return allowed.allows({.name = name, .user = PeerCredentials{1, uid, 9}}, kOwner);
  };
  CHECK(allows("alice", 7));
  CHECK(allows("bob", 1000));
  CHECK_FALSE(allows("bob", 7));
}

TEST_CASE("lists with the same entries are equal") {
  CHECK(parsed("bob,alice,bob") == parsed("alice,bob"));
  CHECK_FALSE(parsed("alice") == parsed("bob"));
  CHECK_FALSE(parsed("alice") == parsed("any"));
}

TEST_CASE("the names of a list are known, in order and without the other entries") {
  using Names = std::set<std::string, std::less<>>;
  CHECK(parsed("bob,uid:1,alice,owner,bob").names() == Names{"alice", "bob"});
  CHECK(parsed("uid:1").names().empty());
  CHECK(parsed("any").names().empty());
}

TEST_CASE("a list that is not one is refused") {
  for (const char* text : {"", ",", "alice,", ",alice", "alice,,bob"}) {
    CHECK(refusal_of(text) == "an entry is empty");
  }
  CHECK(refusal_of("alice,any") == "'any' is in a list with others");
  for (const char* text :
       {"uid:", "uid:x", "uid:-1", "uid:1x", "uid: 1", "uid:99999999999x", "gid:"}) {
    CHECK(refusal_of(text) == "'" + std::string(text) + "' has no number");
  }
  for (const char* text : {"uid:4294967295", "uid:4294967296", "gid:99999999999999999999"}) {
    CHECK(refusal_of(text) ==
          "the number of '" + std::string(text) + "' is too large: the last one is 4294967294");
  }
  for (const char* text : {"a b", ".a", "user:1", "a/b"}) {
    CHECK(refusal_of(text) == "'" + std::string(text) + "' is not the name of a key");
  }
}

TEST_CASE("a list has at most a thousand entries") {
  std::string text = "a";
  for (std::size_t i = 1; i < AllowedIdentities::kEntriesMax; ++i) text += ",a";
  CHECK(refusal_of(text) == "accepted");
  CHECK(refusal_of(text + ",a") == "it has more than 1000 entries");
}

}  // namespace hotline::allowed_identities_test
