#include "services/file_copy.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "services/file_version.h"
#include "support/file_homes.h"

namespace hotline::services::file_copy_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;
using test::TestHome;

TEST_CASE("a copy of a file has its content, time and executable bit, and counts in full (T19)") {
  TestHome home({.bytes = 11, .entries = kNoQuota});
  REQUIRE(test::store_content(*home.home, "a", "12345"));
  const FileTime time{std::chrono::seconds(5)};
  REQUIRE(home->set_meta({.path = file_path("a"), .modified = time, .is_executable = true}));
  CHECK(home->copy({.path = file_path("a"), .target = file_path("b")}));
  CHECK(test::read_test_file(home.path("b")) == "12345");
  const auto copy = home->stat({.path = file_path("b")});
  CHECK(copy->meta.modified == time);
  CHECK(copy->meta.is_executable);
  CHECK(home->used() == FileUsage{10, 2});
  const auto refused = home->copy({.path = file_path("a"), .target = file_path("c")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == FileErrorCode::quota_bytes);
  CHECK(refused.error().detail == 4);
  CHECK(home->quota().bytes_reserved == 0);
  CHECK(test::count_names(home.staging()) == 0);
}

TEST_CASE("a directory is copied with all that it contains") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a/b/c", "1"));
  REQUIRE(test::store_content(*home.home, "a/d", "22"));
  CHECK(code_of(home->copy({.path = file_path("a"), .target = file_path("e")})) ==
        FileErrorCode::not_a_file);
  CHECK(home->copy({.path = file_path("a"), .target = file_path("e"), .depth = FileDepth::tree}));
  CHECK(test::read_test_file(home.path("e/b/c")) == "1");
  CHECK(test::read_test_file(home.path("e/d")) == "22");
  CHECK(home->used() == FileUsage{6, 8});
  CHECK(home->recount() == FileUsage{6, 8});
}

TEST_CASE("nothing is copied for a user who may not read any more") {
  const test::TemporaryDirectory directory;
  test::write_test_file(directory.file("home/a"), "1");
  FileTree tree(test::open_test_directory(directory.file("home")), FileDurability::none);
  const Directory staging = test::open_test_directory(directory.file("staging"));
  FileCopy copy({tree, [] { return refuse(FileErrorCode::not_permitted); }}, {tree, staging});
  CHECK(code_of(copy.run({.path = file_path("a"), .target = file_path("b")},
                         {.path = file_path("b")})) == FileErrorCode::not_permitted);
  CHECK(test::count_names(directory.file("home")) == 1);
  CHECK(test::count_names(directory.file("staging")) == 0);
}

TEST_CASE("nothing is copied into or onto itself, or onto what exists (T15)") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a/b", "1"));
  const auto copy = [&](std::string_view from, std::string_view to) {
    return code_of(
        home->copy({.path = file_path(from), .target = file_path(to), .depth = FileDepth::tree}));
  };
  CHECK(copy("a", "a") == FileErrorCode::into_itself);
  CHECK(copy("a", "a/c") == FileErrorCode::into_itself);
  CHECK(copy("a/b", "a/b") == FileErrorCode::into_itself);
  CHECK(copy("a/b", "a") == FileErrorCode::exists);
  CHECK(copy("a", "a/b/c") == FileErrorCode::into_itself);
  CHECK(copy("gone", "c") == FileErrorCode::not_found);
}

TEST_CASE("a directory is not copied, not even in part, where a path would be too deep") {
  TestHome home;
  test::make_deep_directory(home.path("d"), "e", 62);
  home.restart();
  const FileUsage used = home->used();
  CHECK(code_of(home->copy({.path = file_path("d"),
                            .target = file_path("a/c/d"),
                            .parents = MissingParents::make,
                            .depth = FileDepth::tree})) == FileErrorCode::bad_name);
  CHECK(home->used() == used);
  CHECK_FALSE(fs::exists(home.path("a")));
  CHECK(home->copy({.path = file_path("d"), .target = file_path("c"), .depth = FileDepth::tree}));
}

TEST_CASE("a link is not copied, and neither is the file to which it leads (T10)") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a/b", "1"));
  fs::create_symlink("a/b", home.path("l"));
  CHECK(code_of(home->copy({.path = file_path("l"), .target = file_path("c")})) ==
        FileErrorCode::not_found);
  fs::create_symlink("b", home.path("a/l"));
  CHECK(code_of(home->copy(
            {.path = file_path("a"), .target = file_path("c"), .depth = FileDepth::tree})) ==
        FileErrorCode::not_found);
}

TEST_CASE("a copy replaces a file if it is to, and is of no set-id bit (T33)") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a", "1"));
  REQUIRE(test::store_content(*home.home, "b", "22"));
  fs::permissions(home.path("a"), fs::perms::set_uid | fs::perms::all);
  CHECK(home->copy({.path = file_path("a"),
                    .target = file_path("b"),
                    .replacement = {.on_exist = OnExist::replace}}));
  CHECK(test::read_test_file(home.path("b")) == "1");
  CHECK(fs::status(home.path("b")).permissions() == fs::perms::owner_all);
  CHECK(home->used() == FileUsage{2, 2});
}

}  // namespace
}  // namespace hotline::services::file_copy_test
