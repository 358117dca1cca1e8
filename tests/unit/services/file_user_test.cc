#include "services/file_user.h"

#include <doctest/doctest.h>

namespace hotline::services::file_user_test {
namespace {

std::string detail_of(std::string_view text) {
  const auto user = parse_file_user("alice", text);
  return user ? "" : user.error().detail;
}

TEST_CASE("a file of a user says what the user may do and use") {
  const auto user = parse_file_user("alice",
                                    "# Alice\n"
                                    "quota = \"10GiB\"\n"
                                    "  entries=1_000_000 # names\n"
                                    "\n"
                                    "rights = \"wr\"\r\n"
                                    "uid = 1000\n"
                                    "disabled = true\n");
  REQUIRE(user);
  CHECK(user->name == "alice");
  CHECK(user->limits == FileUsage{std::uint64_t{10} << 30, 1'000'000});
  CHECK(user->rights == FileRights{.can_read = true, .can_write = true});
  CHECK(user->uid == 1000U);
  CHECK(user->is_disabled);
}

TEST_CASE("a user with an empty file may do everything without a limit") {
  const auto user = parse_file_user("alice", "");
  REQUIRE(user);
  CHECK(*user == FileUser{.name = "alice"});
  CHECK(user->rights.can_remove);
}

TEST_CASE("the shares of a user are a table, with the rights in each") {
  const auto user = parse_file_user("alice", "uid = 1\n[shares]\nteam = \"rw\"\n\"a.b\" = \"\"\n");
  REQUIRE(user);
  CHECK(user->shares.size() == 2);
  CHECK(user->shares.at("team") == FileRights{.can_read = true, .can_write = true});
  CHECK(user->shares.at("a.b") == FileRights());
  CHECK(parse_file_user("alice", format_file_user(*user)).value() == *user);
  CHECK(parse_file_user("alice", "[shares]\n")->shares.empty());
  CHECK(detail_of("[shares]\nTeam = \"r\"\n") == "line 2: it is not a name of a share");
  CHECK(detail_of("[shares]\n\"\" = nan\n") == "line 2: it is not a name of a share");
  CHECK(detail_of("[shares]\n\"\" = \"r\"\n") == "line 2: it is not a name of a share");
  CHECK(detail_of("[shares]\nteam = \"x\"\n") == "line 2: the value is invalid");
  CHECK(detail_of("[shares]\nteam = 1e5\n") == "line 2: the value is invalid");
  CHECK(detail_of("shares = \"team\"\n") == "line 1: there is no such key");
}

TEST_CASE("a file of a user that is written is read as the same user") {
  const FileUser users[] = {
      {.name = "a"},
      {.name = "b", .limits = {0, 0}, .rights = {}, .uid = 0, .is_disabled = true},
      {.name = "c", .limits = {1'025, 7}, .rights = {.can_write = true}, .uid = 4'294'967'294},
      {.name = "d", .limits = {kNoQuota - 1, kNoQuota}}};
  for (const FileUser& user : users) {
    const auto again = parse_file_user(user.name, format_file_user(user));
    REQUIRE(again);
    CHECK(*again == user);
  }
}

TEST_CASE("a file of a user with anything unknown or half written is refused with its line (T36)") {
  CHECK(detail_of("quota = \"1GiB\"\nquato = 1\n") == "line 2: there is no such key");
  CHECK(detail_of("rights = \"r") == "line 1: the line does not end");
  CHECK(detail_of("uid = 1\nrights = \"rw\"") == "line 2: the line does not end");
  CHECK(detail_of("[shells]\n") == "line 1: there is no such key");
  CHECK(detail_of("[\"\"]\nuid = 1\n") == "line 2: there is no such key");
  CHECK(detail_of("'quota.bytes' = 1\n") == "line 1: there is no such key");
  CHECK(detail_of("uid = \"0\"\nquato = 1\n") == "line 1: the value is invalid");
  const auto user = parse_file_user("alice", "rights = 1\n");
  REQUIRE_FALSE(user);
  CHECK(user.error().message() == "cannot read the user alice: line 1: the value is invalid");
  CHECK(user.error().hint() == "write rights = \"rwod\": read, write, overwrite, delete");
}

TEST_CASE("a value of another type or out of bounds is refused with its line") {
  for (const char* line :
       {"quota = -1\n", "quota = \"1 GiB\"\n", "quota = \"1EiB\"\n", "quota = \"16777216TiB\"\n",
        "entries = \"1\"\n", "entries = 1e5\n", "rights = \"rx\"\n", "rights = \"rr\"\n",
        "uid = 4294967295\n", "uid = \"0\"\n", "disabled = 1\n", "disabled = \"true\"\n"}) {
    CAPTURE(line);
    CHECK(detail_of(line) == "line 1: the value is invalid");
  }
}

TEST_CASE("a file of a user that is not TOML is refused with its line") {
  for (const char* line : {"quota = 18446744073709551616\n", "entries = 01\n", "entries = 1__0\n",
                           "entries = _1\n", "rights = rwod\n", "disabled = True\n"}) {
    CAPTURE(line);
    CHECK(detail_of("uid = 1\n" + std::string(line)).starts_with("line 2: it is not TOML: "));
  }
  for (const char* line : {"quota = \"1GiB\n", "quota =\n", "quota = [1]\n", "entries = 1.5\n",
                           "entries = 2026-01-01\n", "rights = \"r\" \"w\"\n"}) {
    CAPTURE(line);
    CHECK(detail_of("uid = 1\n" + std::string(line)).starts_with("line 2: the value is neither"));
  }
  CHECK(detail_of("shares.team = \"r\"\n") == "line 1: a key with a dot is not in quotes");
  for (const char* line : {"quota\n", "\x1b = 1\n", "[shares\n"}) {
    CAPTURE(line);
    CHECK(detail_of("uid = 1\n" + std::string(line)).starts_with("line 2: the line is neither"));
  }
  CHECK(detail_of("quota = \"1GiB\"\nquota = 1\n").contains("cannot redefine existing"));
}

TEST_CASE("a text in a file of a user may have escapes") {
  const auto user = parse_file_user("alice", "rights = \"r\\u0077\"\n");
  REQUIRE(user);
  CHECK(user->rights == FileRights{.can_read = true, .can_write = true});
}

TEST_CASE("the name of a user is 1 to 32 characters that are safe in a path") {
  CHECK(is_file_user_name("a"));
  CHECK(is_file_user_name("a.b-c_9"));
  CHECK(is_file_user_name(std::string(32, 'z')));
  for (const std::string& name :
       {std::string(), std::string(33, 'z'), std::string("."), std::string(".."), std::string(".a"),
        std::string("A"), std::string("a/b"), std::string("a\0b", 3), std::string("\xc3\xa4")}) {
    CHECK_FALSE(is_file_user_name(name));
  }
}

TEST_CASE("the rights of no letters are none") {
  CHECK(parse_file_rights("") == FileRights());
  CHECK(format_file_rights({}).empty());
  CHECK(format_file_rights(*parse_file_rights("dowr")) == "rwod");
}

}  // namespace
}  // namespace hotline::services::file_user_test
