#include "services/file_share.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/sim/world.h"
#include "support/file_homes.h"

namespace hotline::services::file_share_test {
namespace {

TEST_CASE("each user of a share has uploads of their own, which are found again (I4)") {
  const test::TemporaryDirectory directory;
  const auto open = [&] {
    auto tree = std::make_shared<FileTree>(test::open_test_directory(directory.file("team")),
                                           FileDurability::none, test::file_path("team"));
    return FileShare(std::move(tree), test::open_test_directory(directory.file("staging")), {});
  };
  {
    FileShare share = open();
    REQUIRE(share.load());
    UploadTable* const alice = share.uploads_of("alice").value();
    CHECK(share.uploads_of("alice").value() == alice);
    CHECK(share.uploads_of("bob").value() != alice);
  }
  test::write_test_file(directory.file("staging/alice/0.part"), "left over");
  FileShare share = open();
  REQUIRE(share.load());
  share.sweep({}, [](const std::string&) { return true; });
  CHECK(test::count_names(directory.file("staging")) == 2);
  CHECK(test::count_names(directory.file("staging/alice")) == 0);
}

TEST_CASE("uploads of one user that cannot be read close a share for that user only") {
  const test::TemporaryDirectory directory;
  test::write_test_file(directory.file("staging/bob"), "not a directory");
  std::vector<Error> reports;
  FileShare share(std::make_shared<FileTree>(test::open_test_directory(directory.file("team")),
                                             FileDurability::none, test::file_path("team")),
                  Directory::open(directory.file("staging")).value(), {},
                  [&](const Error& error) { reports.push_back(error); });
  REQUIRE(share.load());
  CHECK(share.uploads_of("alice"));
  CHECK_FALSE(share.uploads_of("bob"));
  share.sweep({}, [](const std::string&) { return true; });
  REQUIRE(reports.size() == 1);
  CHECK(reports.front().message().contains("bob"));
  std::filesystem::remove(directory.file("staging/bob"));
  share.sweep({}, [](const std::string&) { return true; });
  CHECK(std::filesystem::is_directory(directory.file("staging/bob")));
  CHECK(share.uploads_of("bob"));
  CHECK(reports.size() == 1);
}

TEST_CASE("single uploads that cannot be read are reported once, when the share is open") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory.file("staging/bob/0.state/d"));
  std::vector<Error> reports;
  FileShare share(std::make_shared<FileTree>(test::open_test_directory(directory.file("team")),
                                             FileDurability::none, test::file_path("team")),
                  Directory::open(directory.file("staging")).value(), {},
                  [&](const Error& error) { reports.push_back(error); });
  REQUIRE(share.load());
  CHECK(reports.size() == 1);
  CHECK(share.uploads_of("bob"));
  share.sweep({}, [](const std::string&) { return true; });
  CHECK(reports.size() == 1);
}

TEST_CASE("uploads of a user who does not have the share are dropped after a while") {
  sim::World world(1);
  world.host("a").run([] {
    const Directory top = Directory::open("/").value();
    for (const char* name : {"team", "staging"}) REQUIRE(top.make_directory(name, 0700));
    FileShare share(std::make_shared<FileTree>(top.open_beneath("team").value(),
                                               FileDurability::none, test::file_path("team")),
                    top.open_beneath("staging").value(),
                    {.unshared_term = std::chrono::minutes(10)});
    REQUIRE(share.load());
    UploadTable& uploads = *share.uploads_of("bob").value();
    REQUIRE(uploads.begin({.key = test::sample_bytes(1), .path = test::file_path("team/f")}, {}));
    const auto count_after = [&](bool has_share, Duration pause) {
      share.sweep({}, [&](const std::string&) { return has_share; });
      REQUIRE(sleep_for(pause));
      return uploads.entries().size();
    };
    CHECK(count_after(false, std::chrono::minutes(9)) == 1);
    // What was mistyped is put right, and counts no more.
    CHECK(count_after(true, std::chrono::minutes(9)) == 1);
    CHECK(count_after(false, std::chrono::minutes(9)) == 1);
    CHECK(count_after(false, std::chrono::minutes(1)) == 1);
    CHECK(count_after(false, {}) == 0);
  });
  CHECK(world.run().to_string() == "");
}

TEST_CASE("all paths of a share begin with its name (T13)") {
  const test::TemporaryDirectory directory;
  test::write_test_file(directory.file("team/team/a"), "1");
  FileTree tree(Directory::open(directory.file("team")).value(), FileDurability::none,
                test::file_path("team"));
  const auto code = [&](const char* path) {
    return test::code_of(tree.status(test::file_path(path)));
  };
  CHECK(code("team") == std::nullopt);
  CHECK(code("team/team/a") == std::nullopt);
  CHECK(code("team/a") == FileErrorCode::not_found);
  CHECK(code("teams/team") == FileErrorCode::not_found);
  CHECK(code("") == FileErrorCode::not_found);
  CHECK(test::code_of(tree.open_file(test::file_path("other/a"))) == FileErrorCode::not_found);
}

}  // namespace
}  // namespace hotline::services::file_share_test
