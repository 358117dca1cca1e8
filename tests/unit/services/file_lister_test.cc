#include "services/file_lister.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "support/file_homes.h"
#include "support/sockets.h"

namespace hotline::services::file_lister_test {
namespace {

using test::file_path;

struct Listed {
  std::string file(const std::string& name) const { return directory.file(name); }

  /// Returns what all pages have, by their paths, and how many pages there are.
  std::map<std::string, FileEntry> all(ListDirectory request, std::size_t* pages = nullptr) const {
    std::map<std::string, FileEntry> entries;
    auto lister = FileLister::open(Directory::open(directory.path()).value(), request);
    REQUIRE(lister);
    for (bool is_last = false; !is_last;) {
      const auto page = lister->next();
      REQUIRE(page);
      is_last = page->is_last;
      CHECK((is_last || !page->entries.empty()));
      CHECK((page->cursor == 0) == (is_last || request.depth == FileDepth::tree));
      if (request.entries_max != 0) CHECK(page->entries.size() <= request.entries_max);
      std::string payload;
      FilePayloadWriter writer(payload);
      put_value(writer, *page);
      CHECK(payload.size() <= kFileMessageMax);
      for (const FileEntry& entry : page->entries) {
        CHECK(entries.emplace(entry.path.text(), entry).second);
      }
      if (pages != nullptr) ++*pages;
    }
    return entries;
  }

  test::TemporaryDirectory directory{};
};

TEST_CASE("a directory is listed with what the disk says of each name") {
  const Listed listed;
  test::write_test_file(listed.file("a"), "123");
  std::filesystem::create_directory(listed.file("d"));
  std::filesystem::create_symlink("a", listed.file("l"));
  const auto entries = listed.all({});
  REQUIRE(entries.size() == 3);
  CHECK(entries.at("a").meta.kind == FileKind::file);
  CHECK(entries.at("a").meta.size == 3);
  CHECK_FALSE(entries.at("a").meta.version.is_none());
  CHECK(entries.at("d").meta.kind == FileKind::directory);
  CHECK(entries.at("l").meta.kind == FileKind::link);
  CHECK(entries.at("l").meta.size == 0);
}

TEST_CASE("a list of names only has their kinds") {
  const Listed listed;
  test::write_test_file(listed.file("a"), "123");
  const auto entries = listed.all({.detail = ListDirectory::Detail::names});
  CHECK(entries.at("a").meta == FileMeta{.kind = FileKind::file});
}

TEST_CASE("names that no client may create are listed, of any bytes") {
  const Listed listed;
  test::write_test_file(listed.file("\xff\n"), "");
  CHECK(listed.all({}).contains("\xff\n"));
}

TEST_CASE("an empty directory is one page that is the last") {
  const Listed listed;
  std::size_t pages = 0;
  CHECK(listed.all({}, &pages).empty());
  CHECK(pages == 1);
}

TEST_CASE("a directory with long names comes in pages that fit, each name once") {
  const Listed listed;
  for (int i = 0; i < 600; ++i) {
    test::write_test_file(listed.file(std::to_string(1'000 + i) + std::string(250, 'n')), "");
  }
  std::size_t pages = 0;
  CHECK(listed.all({}, &pages).size() == 600);
  CHECK(pages >= 3);
  CHECK(listed.all({.detail = ListDirectory::Detail::names}).size() == 600);
  CHECK(listed.all({.entries_max = 7}).size() == 600);
}

TEST_CASE("a list goes on from the cursor of a page") {
  const Listed listed;
  for (int i = 0; i < 20; ++i) test::write_test_file(listed.file(std::to_string(i)), "");
  std::set<std::string> names;
  ListDirectory request{.entries_max = 3};
  for (bool is_last = false; !is_last;) {
    auto lister = FileLister::open(Directory::open(listed.directory.path()).value(), request);
    const auto page = lister->next();
    REQUIRE(page);
    is_last = page->is_last;
    request.cursor = page->cursor;
    for (const FileEntry& entry : page->entries) CHECK(names.insert(entry.path.text()).second);
  }
  CHECK(names.size() == 20);
}

TEST_CASE("a tree is listed with parents before what they contain, and links are not entered") {
  const Listed listed;
  for (int i = 0; i < 40; ++i) {
    const std::string directory = "d" + std::to_string(i);
    test::write_test_file(listed.file(directory + "/e/f"), "1");
  }
  std::filesystem::create_directory_symlink("d0", listed.file("l"));
  auto lister = FileLister::open(Directory::open(listed.directory.path()).value(),
                                 {.depth = FileDepth::tree, .entries_max = 10});
  REQUIRE(lister);
  std::set<std::string> seen;
  for (bool is_last = false; !is_last;) {
    const auto page = lister->next();
    REQUIRE(page);
    is_last = page->is_last;
    for (const FileEntry& entry : page->entries) {
      const FilePath parent = entry.path.parent();
      CHECK((parent.is_home() || seen.contains(parent.text())));
      CHECK(seen.insert(entry.path.text()).second);
    }
  }
  CHECK(seen.size() == 3 * 40 + 1);
  CHECK_FALSE(seen.contains("l/e"));
}

/// Lists to the end, or to the first failure.
std::optional<FileError> failure_of(const Listed& listed, const ListDirectory& request) {
  auto lister = FileLister::open(Directory::open(listed.directory.path()).value(), request);
  for (;;) {
    const auto page = lister->next();
    if (!page) return page.error();
    if (page->is_last) return std::nullopt;
  }
}

TEST_CASE("a tree that is as deep as paths may be is listed, and a deeper one is refused") {
  const Listed listed;
  test::make_deep_directory(listed.directory.path(), "d", 64);
  CHECK(listed.all({.depth = FileDepth::tree}).size() == FilePath::kDepthMax);
  test::write_test_file(listed.file("d/d/f"), "");
  // What counts is the path from the home.
  const auto below = failure_of(listed, {.path = file_path("a"), .depth = FileDepth::tree});
  REQUIRE(below);
  CHECK(below->code == FileErrorCode::bad_name);
  CHECK(below->text.starts_with("the path has over 64 components: d/d/"));
  test::make_deep_directory(listed.file("d/e"), "d", 63);
  const auto deeper = failure_of(listed, {.depth = FileDepth::tree});
  REQUIRE(deeper);
  CHECK(deeper->code == FileErrorCode::bad_name);
  CHECK_FALSE(failure_of(listed, {}));
}

TEST_CASE("a tree with the longest path is listed, and one with a longer path is refused") {
  const Listed listed;
  const std::string name(254, 'n');
  test::make_deep_directory(listed.directory.path(), name, 16);
  CHECK(listed.all({.depth = FileDepth::tree}).size() == 16);
  // 16 + 16 * 255 = 4,096, and one more.
  CHECK_FALSE(
      failure_of(listed, {.path = file_path("1234567890123456"), .depth = FileDepth::tree}));
  const auto longer =
      failure_of(listed, {.path = file_path("12345678901234567"), .depth = FileDepth::tree});
  REQUIRE(longer);
  CHECK(longer->code == FileErrorCode::bad_name);
  CHECK(longer->text.starts_with("the path has over 4,096 bytes: nnn"));
  CHECK(longer->text.size() < FileError::kTextMax);
}

TEST_CASE("a deep tree is listed with few descriptors, and each name once") {
  const Listed listed;
  std::string path = listed.directory.path();
  for (int i = 0; i < 60; ++i) {
    path += "/d";
    for (const char* name : {"/a", "/e", "/z/f"}) test::write_test_file(path + name, "");
  }
  const std::size_t before = test::open_descriptors();
  auto lister = FileLister::open(Directory::open(listed.directory.path()).value(),
                                 {.depth = FileDepth::tree, .entries_max = 1});
  std::size_t most = 0;
  std::set<std::string> seen;
  for (bool is_last = false; !is_last;) {
    const auto page = lister->next();
    REQUIRE(page);
    is_last = page->is_last;
    most = std::max(most, test::open_descriptors() - before);
    for (const FileEntry& entry : page->entries) CHECK(seen.insert(entry.path.text()).second);
  }
  CHECK(seen.size() == 60 * 5);
  CHECK(most <= FileLister::kOpenMax + 2);
}

TEST_CASE("a directory that is removed while it is listed as part of a tree ends there") {
  const Listed listed;
  for (int i = 0; i < 300; ++i) test::write_test_file(listed.file("d/" + std::to_string(i)), "");
  auto lister = FileLister::open(Directory::open(listed.directory.path()).value(),
                                 {.depth = FileDepth::tree, .entries_max = 2});
  CHECK(lister->next()->entries.size() == 2);
  std::filesystem::remove_all(listed.file("d"));
  for (bool is_last = false; !is_last;) {
    const auto page = lister->next();
    REQUIRE(page);
    is_last = page->is_last;
  }
}

TEST_CASE("a directory that is removed while a tree is listed is left out") {
  const Listed listed;
  test::write_test_file(listed.file("d/f"), "1");
  auto lister = FileLister::open(Directory::open(listed.directory.path()).value(),
                                 {.depth = FileDepth::tree, .entries_max = 1});
  CHECK(lister->next()->entries.size() == 1);
  std::filesystem::remove_all(listed.file("d"));
  const auto page = lister->next();
  REQUIRE(page);
  CHECK(page->entries.empty());
  CHECK(page->is_last);
}

}  // namespace
}  // namespace hotline::services::file_lister_test
