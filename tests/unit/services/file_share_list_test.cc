#include "hotline/services/file_share_list.h"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::file_share_list_test {

TEST_CASE("shares are added, changed, listed and removed, and given to users") {
  const test::FilesRoot root;
  auto shares = FileShareList::open(root.path()).value();
  CHECK(shares.shares().empty());
  CHECK(shares.add("team", {.quota = "1KiB"}).value().bytes_max == 1'024);
  CHECK(shares.set("team", {.entries = "5"}).value().quota == "1KiB");
  CHECK(shares.add("docs", {}).value().entries == "none");
  const auto again = FileShareList::open(root.path()).value();
  REQUIRE(again.shares().size() == 2);
  CHECK(again.shares()[1].entries_max == 5);
  auto users = FileUserList::open(root.path()).value();
  CHECK(users.set("alice", {.shares = {{"team", "rw"}, {"docs", ""}}}));
  CHECK(FileUserList::open(root.path()).value().users()[0].shares ==
        std::map<std::string, std::string>{{"docs", ""}, {"team", "rw"}});
  CHECK(users.set("alice", {.shares = {{"docs", "none"}}}).value().shares.size() == 1);
  CHECK(shares.remove("docs"));
  CHECK(FileShareList::open(root.path()).value().shares().size() == 1);
}

TEST_CASE("what is not a share or a value is refused, and changes nothing") {
  const test::FilesRoot root;
  auto shares = FileShareList::open(root.path()).value();
  REQUIRE(shares.add("team", {}));
  for (const char* name : {"", "../x", "Team", ".x", "a/b"}) {
    CAPTURE(name);
    CHECK(test::kind_of(shares.add(name, {})) == "invalid_argument");
  }
  CHECK(test::kind_of(shares.add("team", {})) == "system");
  CHECK(test::kind_of(shares.set("none", {})) == "not_found");
  CHECK(test::kind_of(shares.remove("none")) == "not_found");
  CHECK(test::kind_of(shares.set("team", {.quota = "much"})) == "invalid_argument");
  CHECK(test::kind_of(shares.set("team", {.entries = "9223372036854775808"})) ==
        "invalid_argument");
  CHECK(test::kind_of(FileShareList::recount(root.path(), "none")) == "not_found");
  auto users = FileUserList::open(root.path()).value();
  CHECK(test::kind_of(users.set("alice", {.shares = {{"none", "r"}}})) == "not_found");
  CHECK(test::kind_of(users.set("alice", {.shares = {{"team", "x"}}})) == "invalid_argument");
  CHECK(test::kind_of(users.set("alice", {.shares = {{"team", "none"}}})) == "not_found");
  CHECK(FileUserList::open(root.path()).value().users()[0].shares.empty());
}

TEST_CASE("a share does not hide what is in the home of its user") {
  const test::FilesRoot root;
  REQUIRE(FileShareList::open(root.path()).value().add("team", {}));
  std::filesystem::create_directories(root.path() + "/homes/alice/team");
  auto users = FileUserList::open(root.path()).value();
  CHECK(test::kind_of(users.set("alice", {.shares = {{"team", "r"}}})) == "system");
  CHECK(users.set("bob", {.shares = {{"team", "r"}}}));
}

}  // namespace hotline::file_share_list_test
