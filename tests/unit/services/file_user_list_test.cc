#include "hotline/services/file_user_list.h"

#include <string>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::file_user_list_test {

TEST_CASE("users are added, changed, listed and removed") {
  const test::FilesRoot root;
  auto list = FileUserList::open(root.path()).value();
  CHECK(list.users().size() == 2);
  const auto added =
      list.add("carol", {.quota = "10GiB", .entries = "5", .rights = "rw", .uid = 1'000}).value();
  CHECK(added.quota == "10GiB");
  CHECK(added.entries == "5");
  CHECK(added.bytes_max == std::uint64_t{10} << 30);
  CHECK(added.entries_max == 5);
  CHECK(added.rights == "rw");
  CHECK(added.uid == 1'000);
  CHECK(list.set("carol", {.quota = "none", .is_disabled = true}).value().is_disabled);
  const auto again = FileUserList::open(root.path()).value();
  REQUIRE(again.users().size() == 3);
  CHECK(again.users()[2].quota == "none");
  CHECK_FALSE(again.users()[2].bytes_max);
  CHECK(again.users()[2].rights == "rw");
  CHECK(again.users()[2].is_disabled);
  CHECK(list.remove("carol"));
  CHECK(FileUserList::open(root.path()).value().users().size() == 2);
}

TEST_CASE("what is not a name or a value is refused, and changes nothing") {
  const test::FilesRoot root;
  auto list = FileUserList::open(root.path()).value();
  for (const char* name : {"", "../x", "Alice", ".x", "a/b"}) {
    CAPTURE(name);
    CHECK(test::kind_of(list.add(name, {})) == "invalid_argument");
  }
  // What is wrong is not the name.
  CHECK(test::kind_of(list.add("alice", {})) == "system");
  CHECK(test::kind_of(list.set("carol", {})) == "not_found");
  CHECK(test::kind_of(list.remove("carol")) == "not_found");
  CHECK(test::kind_of(list.set("alice", {.quota = "ten"})) == "invalid_argument");
  CHECK(test::kind_of(list.set("alice", {.entries = "1GiB"})) == "invalid_argument");
  CHECK(test::kind_of(list.set("alice", {.rights = "rx"})) == "invalid_argument");
  CHECK(list.users()[0].rights == "rwod");
}

TEST_CASE("a uid has one user") {
  const test::FilesRoot root;
  auto list = FileUserList::open(root.path()).value();
  REQUIRE(list.add("carol", {.uid = 4'711}));
  CHECK(test::kind_of(list.add("dave", {.uid = 4'711})) == "system");
  CHECK(test::kind_of(list.set("alice", {.uid = 4'711})) == "system");
  CHECK(list.set("carol", {.uid = 4'711}));
  CHECK(list.users().size() == 3);
}

TEST_CASE("a file that cannot be understood is a fault, and the other users are listed") {
  const test::FilesRoot root;
  root.set_user("alice", "quota = lots\n");
  const auto list = FileUserList::open(root.path()).value();
  REQUIRE(list.faults().size() == 1);
  CHECK(list.users().size() == 1);
}

TEST_CASE("a user whose file cannot be understood is not replaced by a new one") {
  const test::FilesRoot root;
  root.set_user("alice", "quota = lots\n");
  auto list = FileUserList::open(root.path()).value();
  const auto added = list.add("alice", {});
  REQUIRE_FALSE(added);
  CHECK(added.error().endpoint == list.faults().front().endpoint);
  CHECK(list.add("alicia", {}));
}

TEST_CASE("a home is recounted while no server has the root") {
  test::served_files([](test::ServedFiles& server) {
    CHECK(server.put({.path = test::file_path("a")}, "12345").is_proven());
    CHECK_FALSE(FileUserList::recount(server.root.path(), "alice"));
    server.finish();
    const auto usage = FileUserList::recount(server.root.path(), "alice").value();
    CHECK(usage.bytes == 5);
    CHECK(usage.entries == 1);
    const auto unknown = FileUserList::recount(server.root.path(), "carol");
    CHECK(test::kind_of(unknown) == "not_found");
    CHECK(unknown.error().message() == "cannot find the user carol: there is no such user");
    server.root.set_user("bob", "disabled = true\n");
    const auto disabled = FileUserList::recount(server.root.path(), "bob");
    CHECK(test::kind_of(disabled) == "permission_denied");
    CHECK(disabled.error().message().ends_with("the user 'bob' is disabled"));
    server.start();
  });
}

}  // namespace hotline::file_user_list_test
