#include "services/file_shares.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/shared_root.h"

namespace hotline::services::file_shares_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;

using test::SharedRoot;
using Home = SharedRoot::Home;

TEST_CASE("a share that is removed refuses its users, and nothing for it goes to their homes") {
  const SharedRoot root;
  const Home alice = root.home("alice");
  REQUIRE(test::store_content(*alice, "team/a", "1"));
  fs::remove(root.directory.file("shares/team.toml"));
  CHECK(root.store->reload().size() == 2);
  CHECK(code_of(alice->stat({.path = file_path("team/a")})) == FileErrorCode::not_permitted);
  CHECK_FALSE(test::store_content(*root.home("bob"), "team/b", "1"));
  CHECK_FALSE(fs::exists(root.directory.file("homes/bob/team")));
  CHECK(root.store->maintain());
  root.describe("shares/team", "quota = 1\n");
  CHECK(root.store->reload().empty());
  CHECK(code_of(test::store_content(*alice, "team/b", "1")) == FileErrorCode::quota_bytes);
}

TEST_CASE("a share that was in use when its server was killed is counted (I3)") {
  SharedRoot root("quota = 10\n");
  REQUIRE(test::store_content(*root.home("alice"), "team/a", "12345"));
  REQUIRE(root.store->maintain());
  REQUIRE(test::store_content(*root.home("bob"), "team/b", "1234"));
  root.open();
  const Home alice = root.home("alice");
  CHECK(code_of(test::store_content(*alice, "team/c", "1")) == FileErrorCode::busy);
  REQUIRE(root.store->maintain());
  CHECK(root.used() == FileUsage{9, 2});
  CHECK(code_of(test::store_content(*alice, "team/c", "12")) == FileErrorCode::quota_bytes);
  CHECK(root.store->shares().recount("team") == FileUsage{9, 2});
  CHECK(code_of(root.store->shares().recount("none")) == FileErrorCode::not_found);
  REQUIRE(root.store->close());
  root.open();
  CHECK(test::store_content(*root.home("alice"), "team/c", "1"));
}

TEST_CASE("the quota of a share holds for all its users together (T17, I3)") {
  const SharedRoot root("quota = 100\nentries = 60\n");
  std::vector<std::thread> threads;
  for (const char* user : {"alice", "bob"}) {
    threads.emplace_back([home = root.home(user), user] {
      for (int i = 0; i < 100; ++i) {
        const std::string path = std::string("team/") + user + std::to_string(i);
        static_cast<void>(home->store({.path = file_path(path),
                                       .root = root_of(as_bytes(std::string_view("12"))),
                                       .content = "12"}));
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(root.used() == FileUsage{100, 50});
  CHECK(root.store->shares().recount("team") == FileUsage{100, 50});
}

TEST_CASE("a share stays open for the others when the uploads of one user cannot be read") {
  SharedRoot root;
  test::write_test_file(root.directory.file("shared-staging/team/bob"), "not a directory");
  root.open();
  const Home alice = root.home("alice");
  REQUIRE(test::store_content(*alice, "team/a", "1"));
  CHECK(root.store->maintain());
  const auto refused = root.home("bob")->stat({.path = file_path("team/a")});
  REQUIRE(code_of(refused) == FileErrorCode::storage);
  CHECK(refused.error().text == "the share 'team' cannot be read");
}

TEST_CASE("a share that cannot be opened is a fault of the maintenance once, until it can") {
  SharedRoot root;
  const std::string staging = root.directory.file("shared-staging/team");
  test::write_test_file(staging, "not a directory");
  root.open();
  CHECK_FALSE(root.store->maintain());
  CHECK(root.store->maintain());
  fs::remove(staging);
  CHECK(root.store->maintain());
  CHECK(root.home("bob")->stat({.path = file_path("team")}));
}

TEST_CASE("uploads to a share that is not asked for expire too (I4)") {
  SharedRoot root;
  test::write_test_file(root.directory.file("shared-staging/team/dave/0.part"), "left over");
  root.open();
  REQUIRE(root.store->maintain());
  CHECK(test::count_names(root.directory.file("shared-staging/team/dave")) == 0);
}

}  // namespace
}  // namespace hotline::services::file_shares_test
