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
  CHECK(detail_of("quota.bytes = 1\n") == "line 1: there is no such key");
  CHECK(detail_of("uid = \"0\"\nquato = 1\n") == "line 1: the value is invalid");
  const auto user = parse_file_user("alice", "rights = 1\n");
  REQUIRE_FALSE(user);
  CHECK(user.error().message() == "cannot read the user alice: line 1: the value is invalid");
  CHECK(user.error().hint() == "write rights = \"rwod\": read, write, overwrite, delete");
}

TEST_CASE("a value of another type or out of bounds is refused with its line") {
  for (const char* line :
       {"quota = -1\n", "quota = \"1 GiB\"\n", "quota = \"1EiB\"\n", "quota = \"16777216TiB\"\n",
        "quota = [1]\n", "entries = \"1\"\n", "entries = 1.5\n", "entries = 2026-01-01\n",
        "rights = \"rx\"\n", "rights = \"rr\"\n", "uid = 4294967295\n", "uid = \"0\"\n",
        "disabled = 1\n", "disabled = \"true\"\n"}) {
    CAPTURE(line);
    CHECK(detail_of(line) == "line 1: the value is invalid");
  }
}

TEST_CASE("a file of a user that is not TOML is refused with its line") {
  for (const char* line :
       {"quota\n", "quota = \"1GiB\n", "quota = 18446744073709551616\n", "quota =\n",
        "entries = 01\n", "entries = 1__0\n", "entries = _1\n", "rights = rwod\n",
        "rights = \"r\" \"w\"\n", "disabled = True\n", "\x1b = 1\n", "[shares\n"}) {
    CAPTURE(line);
    CHECK(detail_of("uid = 1\n" + std::string(line)).starts_with("line 2: it is not TOML: "));
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

TEST_CASE("a number of bytes has a unit or none") {
  CHECK(parse_file_bytes("0") == 0U);
  CHECK(parse_file_bytes("1024") == 1'024U);
  CHECK(parse_file_bytes("2KiB") == 2'048U);
  CHECK(parse_file_bytes("none") == kNoQuota);
  CHECK(parse_file_bytes("16777215TiB") == std::uint64_t{16'777'215} << 40);
  CHECK_FALSE(parse_file_bytes("16777216TiB"));
  CHECK_FALSE(parse_file_bytes("18446744073709551615"));
  CHECK_FALSE(parse_file_bytes("KiB"));
  CHECK_FALSE(parse_file_bytes("1kib"));
  CHECK_FALSE(parse_file_bytes("+1"));
  CHECK(format_file_bytes(0) == "0");
  CHECK(format_file_bytes(1'536) == "1536");
  CHECK(format_file_bytes(2'048) == "2KiB");
  CHECK(format_file_bytes(std::uint64_t{10} << 30) == "10GiB");
  CHECK(format_file_bytes(kNoQuota) == "none");
}

TEST_CASE("the rights of no letters are none") {
  CHECK(parse_file_rights("") == FileRights());
  CHECK(format_file_rights({}).empty());
  CHECK(format_file_rights(*parse_file_rights("dowr")) == "rwod");
}

}  // namespace
}  // namespace hotline::services::file_user_test
