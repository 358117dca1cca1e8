#include "services/file_store.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/file_homes.h"

namespace hotline::services::file_store_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;

struct Root {
  Root() { fs::permissions(directory.path(), fs::perms::owner_all); }

  Result<std::unique_ptr<FileStore>> try_open(const FileHome::Options& options = {}) const {
    std::vector<Error> faults;
    auto store = FileStore::open(directory.path(), options, faults);
    CHECK(faults.empty());
    return store;
  }

  std::unique_ptr<FileStore> open() const { return std::move(try_open().value()); }

  void write_user(const std::string& name, const std::string& text) const {
    test::write_test_file(directory.file("users/" + name + ".toml"), text);
  }

  test::TemporaryDirectory directory{};
};

TEST_CASE("a store makes what is missing, and a home when its user comes") {
  const Root root;
  root.write_user("alice", "quota = 10\n");
  const auto store = root.open();
  CHECK(test::count_names(root.directory.file("homes")) == 0);
  const auto home = store->home("alice");
  REQUIRE(home);
  CHECK(store->home("alice") == *home);
  CHECK((*home)->quota().bytes_max == 10);
  CHECK(fs::status(root.directory.file("homes/alice")).permissions() == fs::perms::owner_all);
  CHECK(test::store_content(**home, "a", "1"));
  CHECK(fs::exists(root.directory.file("homes/alice/a")));
}

TEST_CASE("what a store makes is for its owner only, whatever the umask is (T37)") {
  for (const mode_t umask : {0U, 0777U}) {
    const Root root;
    root.write_user("alice", "");
    const mode_t before = ::umask(umask);
    const auto store = root.open();
    const auto home = store->home("alice");
    ::umask(before);
    REQUIRE(home);
    for (const char* name : {"homes", "homes/alice", "staging", "staging/alice"}) {
      CHECK(fs::status(root.directory.file(name)).permissions() == fs::perms::owner_all);
    }
    CHECK(fs::status(root.directory.file("ledger")).permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));
  }
}

TEST_CASE("a user who is unknown or disabled has no home, and learns no more (T35)") {
  const Root root;
  root.write_user("alice", "disabled = true\nuid = 7\n");
  const auto store = root.open();
  const auto disabled = store->home("alice");
  const auto unknown = store->home("bob");
  REQUIRE_FALSE(disabled);
  REQUIRE_FALSE(unknown);
  CHECK(disabled.error() == unknown.error());
  CHECK(unknown.error().code == FileErrorCode::not_permitted);
  CHECK(code_of(store->home("../alice")) == FileErrorCode::not_permitted);
  CHECK(code_of(store->home_of_uid(7)) == FileErrorCode::not_permitted);
  CHECK(code_of(store->home_of_uid(8)) == FileErrorCode::not_permitted);
}

TEST_CASE("a store is not opened for two servers, or where other users have access") {
  const Root root;
  {
    const auto store = root.open();
    const auto second = root.try_open();
    REQUIRE_FALSE(second);
    CHECK(second.error().detail == "another server has it, or another endpoint of this one");
  }
  CHECK(root.try_open());
  fs::permissions(root.directory.path(), fs::perms::owner_all | fs::perms::others_exec);
  const auto shared = root.try_open();
  REQUIRE_FALSE(shared);
  CHECK(shared.error().detail == "other users of the system have access to it");
  std::vector<Error> faults;
  CHECK_FALSE(FileStore::open(root.directory.file("missing"), {}, faults));
}

TEST_CASE("users are read again on request, and the home of a removed one is closed") {
  const Root root;
  root.write_user("alice", "quota = 10\nuid = 7\n");
  root.write_user("bob", "");
  const auto store = root.open();
  const auto alice = store->home_of_uid(7);
  const auto bob = store->home("bob");
  REQUIRE(alice);
  REQUIRE(bob);
  root.write_user("alice", "quota = 20\n");
  fs::remove(root.directory.file("users/bob.toml"));
  CHECK(store->reload().empty());
  CHECK((*alice)->quota().bytes_max == 20);
  CHECK_FALSE((*bob)->is_open());
  CHECK(code_of(store->home("bob")) == FileErrorCode::not_permitted);
  root.write_user("alice", "quota = 3");
  CHECK(store->reload().size() == 1);
  CHECK((*alice)->quota().bytes_max == 20);
}

TEST_CASE("a store that was closed in order needs no recount, and one that was killed does") {
  const Root root;
  root.write_user("alice", "");
  {
    const auto store = root.open();
    REQUIRE(test::store_content(**store->home("alice"), "a", "123"));
    REQUIRE(store->close());
  }
  test::write_test_file(root.directory.file("homes/alice/beside"), "1234");
  {
    const auto store = root.open();
    const auto home = store->home("alice");
    CHECK((*home)->used() == FileUsage{3, 1});
    REQUIRE(store->maintain());
    CHECK((*home)->used() == FileUsage{3, 1});
    REQUIRE(test::store_content(**home, "b", "1"));
    REQUIRE(store->maintain());
  }
  const auto store = root.open();
  const auto home = store->home("alice");
  CHECK((*home)->used() == FileUsage{4, 2});
  REQUIRE(store->maintain());
  CHECK((*home)->used() == FileUsage{8, 3});
}

TEST_CASE(
    "after a kill a home stays within its quota, which is in doubt until it is counted (I3)") {
  const Root root;
  root.write_user("alice", "quota = 10\n");
  {
    const auto store = root.open();
    REQUIRE(test::store_content(**store->home("alice"), "a", "12345"));
    REQUIRE(store->maintain());
    // The ledger does not come to have this one.
    REQUIRE(test::store_content(**store->home("alice"), "b", "1234"));
  }
  const auto store = root.open();
  const auto home = store->home("alice");
  REQUIRE(home);
  CHECK(code_of(test::store_content(**home, "c", "123")) == FileErrorCode::busy);
  CHECK(test::store_content(**home, "b", "123"));
  REQUIRE(store->maintain());
  CHECK((*home)->used() == FileUsage{8, 2});
  CHECK(code_of(test::store_content(**home, "c", "123")) == FileErrorCode::quota_bytes);
  CHECK(test::store_content(**home, "c", "12"));
}

TEST_CASE("an upload of a user who does not call any more is dropped after its term (I4)") {
  const Root root;
  root.write_user("alice", "");
  const std::string staging = root.directory.file("staging/alice");
  const PutFile request{
      .path = file_path("a"), .size = 2 * kFileBlockBytes, .key = test::sample_bytes(1)};
  {
    const auto store = root.open();
    auto begun = (*store->home("alice"))->put(request);
    REQUIRE(begun);
    auto& upload = std::get<UploadHold>(*begun);
    REQUIRE(test::send_content(upload, test::sample_content(kFileBlockBytes)));
    upload.leave();
  }
  REQUIRE(root.open()->maintain());
  CHECK(test::count_names(staging) == 2);
  {
    const auto store = root.open();
    CHECK((*store->home("alice"))->uploads()->size() == 1);
  }
  const auto store = root.try_open({.uploads = {.upload_term = Duration(0)}});
  REQUIRE(store);
  REQUIRE((*store)->maintain());
  CHECK(test::count_names(staging) == 0);
}

TEST_CASE("a store whose ledger is lost counts a home when it is opened") {
  const Root root;
  root.write_user("alice", "");
  {
    const auto store = root.open();
    REQUIRE(test::store_content(**store->home("alice"), "d/a", "123"));
    REQUIRE(store->close());
  }
  test::write_test_file(root.directory.file("ledger"), "garbage");
  const auto store = root.open();
  CHECK((*store->home("alice"))->used() == FileUsage{3, 2});
  CHECK(store->recount("alice") == FileUsage{3, 2});
  CHECK(code_of(store->recount("bob")) == FileErrorCode::not_permitted);
}

TEST_CASE("a home that cannot be counted is counted later, and keeps no other from it") {
  const Root root;
  for (const char* name : {"alice", "bob", "carol"}) {
    root.write_user(name, "");
    const auto store = root.open();
    REQUIRE(test::store_content(**store->home(name), "a", "123"));
    REQUIRE(store->maintain());
  }
  for (const char* name : {"alice", "carol"}) {
    test::write_test_file(root.directory.file(std::string("homes/") + name + "/b"), "12");
  }
  const auto store = root.open();
  const auto alice = store->home("alice");
  const auto bob = store->home("bob");
  const auto carol = store->home("carol");
  REQUIRE(bob);
  fs::remove_all(root.directory.file("homes/bob"));
  int failures = 0;
  for (int i = 0; i < 5; ++i) {
    const auto maintained = store->maintain();
    if (maintained) continue;
    CHECK(maintained.error().endpoint == "bob");
    ++failures;
  }
  // The pause after it is longer than this test.
  CHECK(failures == 1);
  CHECK((*alice)->used() == FileUsage{5, 2});
  CHECK((*carol)->used() == FileUsage{5, 2});
}

TEST_CASE("a home that many ask for at the same time is opened once") {
  const Root root;
  root.write_user("alice", "");
  root.write_user("bob", "");
  for (int i = 0; i < 100; ++i) {
    test::write_test_file(root.directory.file("homes/alice/" + std::to_string(i)), "1");
  }
  const auto store = root.open();
  std::array<std::shared_ptr<FileHome>, 4> homes;
  {
    std::vector<std::jthread> asking;
    for (auto& home : homes) asking.emplace_back([&] { home = store->home("alice").value(); });
    CHECK(store->home("bob"));
    CHECK(store->reload().empty());
  }
  for (const auto& home : homes) CHECK(home == homes[0]);
  CHECK(homes[0]->used() == FileUsage{100, 100});
}

}  // namespace
}  // namespace hotline::services::file_store_test
