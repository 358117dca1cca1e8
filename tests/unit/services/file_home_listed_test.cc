#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/file_home.h"
#include "support/shared_root.h"

// The shares in the lists of a home.

namespace hotline::services::file_home_listed_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;

using test::SharedRoot;
using Home = SharedRoot::Home;

std::vector<std::string> names_in(FileHome& home, const ListDirectory& request) {
  std::vector<std::string> names;
  ListDirectory next = request;
  for (bool is_last = false; !is_last;) {
    auto lister = home.list(next);
    REQUIRE(lister);
    auto page = lister->next();
    REQUIRE(page);
    while (request.depth == FileDepth::tree && !page->is_last) {
      for (const FileEntry& each : page->entries) names.push_back(each.path.text());
      page = lister->next();
      REQUIRE(page);
    }
    for (const FileEntry& each : page->entries) names.push_back(each.path.text());
    is_last = page->is_last;
    if (!is_last) CHECK(page->entries.size() <= 1);
    if (!is_last) CHECK(page->cursor != 0);
    next.cursor = page->cursor;
  }
  std::ranges::sort(names);
  return names;
}

TEST_CASE("a list of the home has the shares, in pages and in trees") {
  const SharedRoot root;
  root.describe("shares/docs", "");
  root.describe("shares/box", "");
  root.describe("users/alice", "[shares]\nteam = \"rw\"\ndocs = \"r\"\nbox = \"w\"\n");
  REQUIRE(root.store->reload().empty());
  const Home alice = root.home("alice");
  REQUIRE(test::store_content(*alice, "a/1", "1"));
  REQUIRE(test::store_content(*alice, "team/d/e", "1"));
  REQUIRE(test::store_content(*alice, "box/hidden", "1"));
  test::write_test_file(root.directory.file("homes/alice/docs"), "what the share hides");
  const std::vector<std::string> names = {"a", "box", "docs", "team"};
  CHECK(names_in(*alice, {.entries_max = 1}) == names);
  CHECK(names_in(*alice, {.entries_max = 0}) == names);
  CHECK(names_in(*alice, {.detail = ListDirectory::Detail::names, .entries_max = 1}) == names);
  CHECK(names_in(*alice, {.depth = FileDepth::tree}) ==
        std::vector<std::string>{"a", "a/1", "box", "docs", "team", "team/d", "team/d/e"});
  CHECK(names_in(*alice, {.path = file_path("team"), .depth = FileDepth::tree}) ==
        std::vector<std::string>{"d", "d/e"});
  CHECK(names_in(*alice, {.path = file_path("a")}) == std::vector<std::string>{"1"});
  CHECK(code_of(alice->list({.path = file_path("box")})) == FileErrorCode::not_permitted);
  CHECK(alice->stat({.path = file_path("docs")})->meta.kind == FileKind::directory);
}

/// Lists the tree of a home to its end. Returns the names, and why they are not all.
std::pair<std::vector<std::string>, std::optional<FileError>> tree_of(FileHome& home) {
  std::vector<std::string> names;
  auto lister = home.list({.depth = FileDepth::tree});
  REQUIRE(lister);
  for (;;) {
    const auto page = lister->next();
    if (!page) return {names, page.error()};
    for (const FileEntry& each : page->entries) names.push_back(each.path.text());
    if (page->is_last) return {names, std::nullopt};
  }
}

TEST_CASE("a share that cannot be opened ends a tree with a failure, after all others") {
  SharedRoot root;
  root.describe("shares/aside", "");
  root.describe("users/alice", "[shares]\naside = \"r\"\nteam = \"r\"\n");
  test::write_test_file(root.directory.file("shared/aside"), "not a directory");
  test::write_test_file(root.path("d/e"), "1");
  test::write_test_file(root.directory.file("homes/alice/a"), "1");
  root.open();
  const auto [names, failure] = tree_of(*root.home("alice"));
  CHECK(names == std::vector<std::string>{"aside", "team", "team/d", "team/d/e", "a"});
  REQUIRE(failure);
  CHECK(failure->code == FileErrorCode::storage);
  CHECK(failure->text.starts_with("the share 'aside' cannot be read"));
  CHECK(names_in(*root.home("alice"), {}) == std::vector<std::string>{"a", "aside", "team"});
}

TEST_CASE("a home that is removed under the server hides no share, and fails after these") {
  const SharedRoot root;
  test::write_test_file(root.path("a"), "1");
  const Home alice = root.home("alice");
  fs::remove_all(root.directory.file("homes/alice"));
  for (const FileDepth depth : {FileDepth::single, FileDepth::tree}) {
    auto lister = alice->list({.depth = depth});
    REQUIRE(lister);
    const auto page = lister->next();
    REQUIRE(page);
    CHECK(page->entries.front().path == file_path("team"));
    CHECK_FALSE(page->is_last);
    CHECK(code_of(lister->next()) == FileErrorCode::not_found);
  }
}

TEST_CASE("a share whose directory has gone under the server is not an empty one") {
  const SharedRoot root;
  const Home bob = root.home("bob");
  REQUIRE(test::store_content(*bob, "team/a", "1"));
  fs::remove_all(root.directory.file("shared/team"));
  const auto failure = tree_of(*bob).second;
  REQUIRE(failure);
  CHECK(failure->text.starts_with("the share 'team' cannot be read"));
}

TEST_CASE("a share that the store does not have any more is not an empty one") {
  const SharedRoot root;
  const Home bob = root.home("bob");
  REQUIRE(test::store_content(*bob, "team/a", "1"));
  fs::remove(root.directory.file("shares/team.toml"));
  CHECK_FALSE(root.store->reload().empty());
  for (const Home& home : {bob, root.home("alice")}) {
    const auto failure = tree_of(*home).second;
    REQUIRE(failure);
    CHECK(failure->code == FileErrorCode::not_permitted);
    CHECK(failure->text == "the server does not have the share 'team'");
  }
}

TEST_CASE("a share whose staging is a link is one that cannot be read, not one that there is not") {
  const SharedRoot root;
  fs::create_directories(root.directory.file("elsewhere"));
  const auto failure_of = [&](const std::string& link, const std::string& user) {
    fs::remove_all(root.directory.file(link));
    fs::create_directories(fs::path(root.directory.file(link)).parent_path());
    fs::create_symlink(root.directory.file("elsewhere"), root.directory.file(link));
    const auto stat = root.home(user)->stat({.path = file_path("team/a")});
    REQUIRE_FALSE(stat);
    CHECK(stat.error().code == FileErrorCode::storage);
    return stat.error().text;
  };
  CHECK(failure_of("shared-staging/team", "bob").starts_with("the share 'team' cannot be read"));
  fs::remove_all(root.directory.file("shared-staging/team"));
  CHECK(
      failure_of("shared-staging/team/bob", "bob").starts_with("the share 'team' cannot be read"));
  CHECK(test::store_content(*root.home("alice"), "team/a", "1"));
}

TEST_CASE("a share that its user may not read is none of a tree, without a failure") {
  const SharedRoot root;
  root.describe("users/bob", "[shares]\nteam = \"w\"\n");
  REQUIRE(root.store->reload().empty());
  REQUIRE(test::store_content(*root.home("bob"), "team/a", "1"));
  const auto [names, failure] = tree_of(*root.home("bob"));
  CHECK(names == std::vector<std::string>{"team"});
  CHECK_FALSE(failure);
}

}  // namespace
}  // namespace hotline::services::file_home_listed_test
