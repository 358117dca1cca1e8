#include "services/file_users.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "support/file_homes.h"

namespace hotline::services::file_users_test {
namespace {

struct Users {
  test::TemporaryDirectory directory{};
  FileUsers users{test::open_test_directory(directory.path())};
};

TEST_CASE("users are saved, found by name and by user id, and removed") {
  Users test;
  REQUIRE(test.users.save({.name = "alice", .uid = 1000}));
  REQUIRE(test.users.save({.name = "bob", .is_disabled = true}));
  REQUIRE(test.users.save({.name = "bob"}));
  FileUsers again(Directory::open(test.directory.path()).value());
  CHECK(again.reload().empty());
  CHECK(again.all().size() == 2);
  CHECK_FALSE(again.find("bob")->is_disabled);
  CHECK(again.find_uid(1000)->name == "alice");
  CHECK(again.find_uid(0) == nullptr);
  CHECK(again.find("carol") == nullptr);
  CHECK(again.remove("alice"));
  CHECK_FALSE(again.remove("alice"));
  CHECK(again.find("alice") == nullptr);
  CHECK_FALSE(test.users.save({.name = "../x"}));
  CHECK(test::count_names(test.directory.path()) == 1);
}

TEST_CASE("a user whose file cannot be read stays as it was (T36)") {
  Users test;
  REQUIRE(test.users.save({.name = "alice", .limits = {7, 7}}));
  const std::string path = test.directory.file("alice.toml");
  for (const std::string& text :
       {std::string("quota = 1"), std::string("quota"), std::string(70'000, '#')}) {
    test::write_test_file(path, text);
    const auto faults = test.users.reload();
    REQUIRE(faults.size() == 1);
    CHECK(test.users.find("alice")->limits == FileUsage{7, 7});
  }
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK(test.users.reload().size() == 1);
  CHECK(test.users.find("alice") != nullptr);
  std::filesystem::remove(path);
  CHECK(test.users.reload().empty());
  CHECK(test.users.find("alice") == nullptr);
}

TEST_CASE("a link and files with other names are not users (T10)") {
  Users test;
  test::write_test_file(test.directory.file("bob.toml~"), "");
  test::write_test_file(test.directory.file(".carol.toml"), "");
  test::write_test_file(test.directory.file("DAVE.toml"), "");
  test::write_test_file(test.directory.file("erin"), "");
  std::filesystem::create_symlink("erin", test.directory.file("frank.toml"));
  CHECK(test.users.reload().size() == 1);
  CHECK(test.users.all().empty());
}

}  // namespace
}  // namespace hotline::services::file_users_test
