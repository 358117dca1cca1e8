#include "services/file_tree.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "services/file_lister.h"
#include "services/file_version.h"
#include "support/file_homes.h"

namespace hotline::services::file_tree_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;

struct TestTree {
  explicit TestTree(FileUsage limits = {kNoQuota, kNoQuota})
      : tree(test::open_test_directory(directory.file("home")), FileDurability::none),
        staging(test::open_test_directory(directory.file("staging"))) {
    tree.account().set_limits(limits);
  }

  std::string path(const std::string& name) const { return directory.file("home/" + name); }

  FileOutcome<FileStatus> publish(FileTarget target, std::string_view content = "new") {
    target.may_write = [this] { return overwriting; };
    test::write_test_file(directory.file("staging/s"), content);
    auto usage = tree.admit(target, content.size());
    if (!usage) return std::unexpected(usage.error());
    auto reservation = tree.account().reserve(*usage, content.size());
    if (!reservation) return std::unexpected(reservation.error());
    const FileStatus status = staging.status("s").value();
    ChangedDirectories changed;
    auto published = tree.publish(staging, "s", target, status, *reservation, changed);
    if (published) CHECK(tree.sync(changed));
    return published;
  }

  FileOutcome<FileStatus> move(std::string_view from, FileTarget target) {
    target.may_write = [this] { return overwriting; };
    return tree.move(file_path(from), target, [this] { return other_right; });
  }

  FileOutcome<FileStatus> set_meta(const SetFileMeta& request) {
    return tree.set_meta(request, [this] { return other_right; });
  }

  test::TemporaryDirectory directory{};
  FileOutcome<void> other_right{};
  Overwriting overwriting = Overwriting::allowed;
  FileTree tree;
  Directory staging;
};

FileTarget target_at(std::string_view path, OnExist on_exist = OnExist::fail) {
  return {.path = file_path(path), .replacement = {.on_exist = on_exist}};
}

TEST_CASE("a file is published with its parents, and each of them counts") {
  TestTree test;
  FileTarget target = target_at("a/b/c");
  CHECK(code_of(test.publish(target)) == FileErrorCode::not_found);
  target.parents = MissingParents::make;
  const auto published = test.publish(target);
  REQUIRE(published);
  CHECK(test::read_test_file(test.path("a/b/c")) == "new");
  CHECK(test.tree.account().used() == FileUsage{3, 3});
  CHECK(test.tree.account().reserved() == FileUsage());
  CHECK(version_of(*published) == version_of(test.tree.status(target.path).value()));
}

TEST_CASE("a parent may be made by another request at the same time") {
  TestTree test;
  constexpr int kRounds = 5'000;
  std::atomic<int> admitted = 0;
  std::jthread other([&] {
    for (int round = 0; round < kRounds; ++round) {
      while (admitted < round) std::this_thread::yield();
      fs::create_directory(test.path(std::to_string(round)));
    }
  });
  for (int round = 0; round < kRounds; ++round) {
    FileTarget target = target_at(std::to_string(round) + "/b");
    target.parents = MissingParents::make;
    CHECK(test.tree.admit(target, 1));
    ++admitted;
  }
}

TEST_CASE("the entries of parents that are made are reserved, and not counted twice") {
  TestTree test({.bytes = kNoQuota, .entries = 2});
  FileTarget target = target_at("a/b/c");
  target.parents = MissingParents::make;
  const auto refused = test.publish(target);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == FileErrorCode::quota_entries);
  CHECK(refused.error().detail == 1);
  CHECK_FALSE(fs::exists(test.path("a")));
  target.path = file_path("a/b");
  CHECK(test.publish(target));
  CHECK(test.tree.account().used() == FileUsage{3, 2});
}

TEST_CASE("a file that exists stays unless it is to be replaced, and then by its version (T25)") {
  TestTree test;
  const auto first = test.publish(target_at("a"), "1");
  REQUIRE(first);
  CHECK(code_of(test.publish(target_at("a"))) == FileErrorCode::exists);
  FileTarget target = target_at("a", OnExist::replace_if);
  target.replacement.version = {test::sample_bytes(9)};
  CHECK(code_of(test.publish(target)) == FileErrorCode::changed);
  CHECK(test::read_test_file(test.path("a")) == "1");
  target.replacement.version = version_of(*first);
  const auto second = test.publish(target, "22");
  REQUIRE(second);
  CHECK(version_of(*second) != version_of(*first));
  CHECK(test.tree.account().used() == FileUsage{2, 1});
  target.path = file_path("gone");
  CHECK(code_of(test.publish(target)) == FileErrorCode::changed);
}

TEST_CASE("a user without the right to overwrite replaces nothing, and creates") {
  TestTree test;
  test.overwriting = Overwriting::refused;
  const FileTarget target = target_at("a", OnExist::replace);
  CHECK(test.publish(target, "1"));
  CHECK(code_of(test.publish(target, "2")) == FileErrorCode::not_permitted);
  CHECK(test::read_test_file(test.path("a")) == "1");
}

TEST_CASE("a directory, a link and a FIFO are not replaced by a file (T10, T12, T15)") {
  TestTree test;
  fs::create_directory(test.path("d"));
  fs::create_symlink("x", test.path("l"));
  REQUIRE(::mkfifo(test.path("p").c_str(), 0600) == 0);
  for (const char* name : {"d", "l", "p"}) {
    CHECK(code_of(test.publish(target_at(name))) == FileErrorCode::exists);
    CHECK(code_of(test.publish(target_at(name, OnExist::replace))) == FileErrorCode::not_a_file);
  }
}

TEST_CASE("no path leads through a link or a file (T10)") {
  TestTree test;
  fs::create_directory(test.directory.file("outside"));
  fs::create_directory_symlink(test.directory.file("outside"), test.path("l"));
  fs::create_directory_symlink(".", test.path("self"));
  test::write_test_file(test.path("f"), "");
  for (const MissingParents parents : {MissingParents::fail, MissingParents::make}) {
    FileTarget target = target_at("l/a");
    target.parents = parents;
    CHECK(code_of(test.publish(target)) == FileErrorCode::not_found);
    target.path = file_path("self/a");
    CHECK(code_of(test.publish(target)) == FileErrorCode::not_found);
    target.path = file_path("l/d/a");
    CHECK(code_of(test.publish(target)) == FileErrorCode::not_found);
    target.path = file_path("f/a");
    CHECK(code_of(test.publish(target)) == FileErrorCode::not_a_directory);
    CHECK(code_of(test.tree.make_directory({file_path("l/d"), parents})) ==
          FileErrorCode::not_found);
  }
  CHECK(code_of(test.tree.status(file_path("l/a"))) == FileErrorCode::not_found);
  CHECK(code_of(test.tree.open_file(file_path("l"))) == FileErrorCode::not_found);
  CHECK(code_of(test.tree.open_directory(file_path("l"))) == FileErrorCode::not_found);
  CHECK(test::count_names(test.directory.file("outside")) == 0);
}

TEST_CASE("a FIFO is not opened, and opening it does not wait (T12)") {
  TestTree test;
  REQUIRE(::mkfifo(test.path("p").c_str(), 0600) == 0);
  CHECK(code_of(test.tree.open_file(file_path("p"))) == FileErrorCode::not_a_file);
  fs::create_directory(test.path("d"));
  CHECK(code_of(test.tree.open_file(file_path("d"))) == FileErrorCode::not_a_file);
}

TEST_CASE("nothing new has a name with control characters or other bytes than UTF-8 (T9)") {
  TestTree test;
  for (const char* name : {"a\nb", "\x1f", "\x7f", "\xc2\x80", "\xff", "d\n/x"}) {
    FileTarget target = target_at(name);
    target.parents = MissingParents::make;
    CHECK(code_of(test.publish(target)) == FileErrorCode::bad_name);
    CHECK(code_of(test.tree.make_directory({file_path(name), MissingParents::make})) ==
          FileErrorCode::bad_name);
  }
  CHECK(test.publish(target_at("a")));
  CHECK(code_of(test.move("a", target_at("b\n"))) == FileErrorCode::bad_name);
  CHECK(test::count_names(test.path("")) == 1);
}

TEST_CASE("a file with another name outside is replaced, not written to (T14)") {
  TestTree test;
  test::write_test_file(test.directory.file("outside"), "outside");
  fs::create_hard_link(test.directory.file("outside"), test.path("a"));
  CHECK(code_of(test.set_meta({.path = file_path("a"), .is_executable = true})) ==
        FileErrorCode::not_permitted);
  CHECK(test.publish(target_at("a", OnExist::replace)));
  CHECK(test::read_test_file(test.directory.file("outside")) == "outside");
  CHECK(test::read_test_file(test.path("a")) == "new");
}

TEST_CASE("a directory is made once, or is there already") {
  TestTree test;
  const auto made = test.tree.make_directory({file_path("a/b"), MissingParents::make});
  REQUIRE(made);
  CHECK(made->kind == EntryKind::directory);
  CHECK(made->mode == 0700);
  CHECK(code_of(test.tree.make_directory({file_path("a/b"), MissingParents::fail})) ==
        FileErrorCode::exists);
  CHECK(test.tree.make_directory({file_path("a/b"), MissingParents::make})->inode == made->inode);
  test::write_test_file(test.path("f"), "");
  CHECK(code_of(test.tree.make_directory({file_path("f"), MissingParents::make})) ==
        FileErrorCode::exists);
  CHECK(test.tree.account().used() == FileUsage{0, 2});
}

TEST_CASE("a directory needs an entry of the quota (T19)") {
  TestTree test({.bytes = kNoQuota, .entries = 1});
  CHECK(code_of(test.tree.make_directory({file_path("a/b"), MissingParents::make})) ==
        FileErrorCode::quota_entries);
  CHECK_FALSE(fs::exists(test.path("a")));
  CHECK(test.tree.make_directory({file_path("a"), MissingParents::fail}));
  CHECK(test.tree.account().used() == FileUsage{0, 1});
}

TEST_CASE("files and directories are moved, and what they replace is given back (T19)") {
  TestTree test({.bytes = 10, .entries = 3});
  CHECK(test.publish(target_at("a"), "12345"));
  CHECK(test.publish(target_at("b"), "123"));
  CHECK(code_of(test.move("a", target_at("b"))) == FileErrorCode::exists);
  CHECK(test.move("a", target_at("b", OnExist::replace)));
  CHECK(test::read_test_file(test.path("b")) == "12345");
  CHECK_FALSE(fs::exists(test.path("a")));
  CHECK(test.tree.account().used() == FileUsage{5, 1});
  FileTarget target = target_at("d/e/f/b");
  target.parents = MissingParents::make;
  CHECK(code_of(test.move("b", target)) == FileErrorCode::quota_entries);
  CHECK(test.tree.account().used() == FileUsage{5, 1});
  target.path = file_path("d/e/b");
  CHECK(test.move("b", target));
  CHECK(test.move("d", target_at("g")));
  CHECK(test::read_test_file(test.path("g/e/b")) == "12345");
  CHECK(test.tree.account().used() == FileUsage{5, 3});
}

TEST_CASE("nothing is moved into or onto itself, and no directory onto anything (T15)") {
  TestTree test;
  CHECK(test.tree.make_directory({file_path("d"), MissingParents::fail}));
  CHECK(test.tree.make_directory({file_path("e"), MissingParents::fail}));
  CHECK(test.publish(target_at("f")));
  const auto move = [&](std::string_view from, std::string_view to) {
    return code_of(test.move(from, target_at(to, OnExist::replace)));
  };
  CHECK(move("d", "d") == FileErrorCode::into_itself);
  CHECK(move("d", "d/x") == FileErrorCode::into_itself);
  CHECK(move("f", "f") == FileErrorCode::into_itself);
  CHECK(move("d", "e") == FileErrorCode::exists);
  CHECK(move("d", "f") == FileErrorCode::exists);
  CHECK(move("f", "d") == FileErrorCode::not_a_file);
  CHECK(move("gone", "x") == FileErrorCode::not_found);
  CHECK(test.tree.account().used() == FileUsage{3, 3});
}

TEST_CASE("a directory is not moved where a path below it would be too deep, or too long") {
  TestTree test;
  test::make_deep_directory(test.path("d"), "e", 62);
  test::write_test_file(test.path("d/e/f"), "");
  fs::create_directories(test.path("a/b"));
  const auto refused = test.move("d", target_at("a/b/d"));
  CHECK(code_of(refused) == FileErrorCode::bad_name);
  CHECK(fs::exists(test.path("d")));
  CHECK_FALSE(fs::exists(test.path("a/b/d")));
  CHECK(test.move("d", target_at("a/d")));
  CHECK(test.move("a/d", target_at("d")));
  const std::string name(254, 'n');
  test::make_deep_directory(test.path("l"), name, 16);
  CHECK(code_of(test.move("l", target_at("l2345678901234567"))) == FileErrorCode::bad_name);
  CHECK(test.move("l", target_at("l234567890123456")));
  CHECK(fs::exists(test.path("l234567890123456")));
}

TEST_CASE("a directory that is too deep already can be moved up, and not further down") {
  TestTree test;
  test::make_deep_directory(test.path("a/d"), "e", 80);
  CHECK(code_of(test.move("a/d", target_at("a/long"))) == FileErrorCode::bad_name);
  CHECK(test.move("a/d", target_at("b")));
}

TEST_CASE("what is made below a directory while it is moved is not too deep afterwards") {
  TestTree test;
  test::make_deep_directory(test.path("d"), "e", 60);
  fs::create_directories(test.path("a/b/c"));
  std::string deep = "d";
  for (int i = 0; i < 60; ++i) deep += "/e";
  for (int i = 0; i < 20; ++i) {
    std::jthread making([&] {
      static_cast<void>(test.tree.make_directory({file_path(deep + "/1/2"), MissingParents::make}));
    });
    static_cast<void>(test.move("d", target_at("a/b/c/d")));
    making.join();
    CHECK(check_paths_below(Directory::open(test.path("")).value(), {}));
    static_cast<void>(test.move("a/b/c/d", target_at("d")));
    fs::remove_all(test.path(deep + "/1"));
  }
}

TEST_CASE("a file with the longest path is published, opened and described") {
  TestTree test;
  const std::string name(255, 'n');
  test::make_deep_directory(test.path(""), name, 15);
  std::string path;
  for (int i = 0; i < 15; ++i) path += name + '/';
  const FilePath longest = file_path(path + std::string(255, 'f'));
  CHECK(longest.text().size() == 4'095);
  const FilePath over = file_path(path + "d/" + std::string(254, 'f'));
  FileTarget target{.path = over, .parents = MissingParents::make};
  CHECK(over.text().size() == FilePath::kBytesMax);
  CHECK(test.publish(target));
  CHECK(test.tree.open_file(over));
  CHECK(test.tree.status(over));
  target.path = longest;
  CHECK(test.publish(target));
  CHECK(test.tree.open_file(longest));
}

TEST_CASE("a link and what is not a file or directory are not moved (T10, T12)") {
  TestTree test;
  fs::create_symlink("x", test.path("l"));
  REQUIRE(::mkfifo(test.path("p").c_str(), 0600) == 0);
  CHECK(code_of(test.move("l", target_at("a"))) == FileErrorCode::not_a_file);
  CHECK(code_of(test.move("p", target_at("a"))) == FileErrorCode::not_a_file);
}

TEST_CASE("the time and the executable bit of a file of the expected version are set") {
  TestTree test;
  const auto published = test.publish(target_at("a"));
  const FileTime time{std::chrono::nanoseconds(-1'000'000'001)};
  const auto set = test.set_meta({.path = file_path("a"),
                                  .modified = time,
                                  .is_executable = true,
                                  .version = version_of(*published)});
  REQUIRE(set);
  CHECK(set->modified == time);
  CHECK(set->mode == 0700);
  CHECK(code_of(test.set_meta(
            {.path = file_path("a"), .is_executable = false, .version = version_of(*published)})) ==
        FileErrorCode::changed);
  CHECK(test.set_meta({.path = file_path("a"), .is_executable = false})->mode == 0600);
  fs::create_directory(test.path("d"));
  CHECK(code_of(test.set_meta({.path = file_path("d"), .modified = time})) ==
        FileErrorCode::not_a_file);
}

TEST_CASE("a right that is taken in the meantime is asked for when the name or the file changes") {
  TestTree test;
  const auto published = test.publish(target_at("a"));
  REQUIRE(published);
  test.other_right = refuse(FileErrorCode::not_permitted);
  CHECK(code_of(test.move("a", target_at("d/b"))) == FileErrorCode::not_found);
  CHECK(code_of(test.move("a", target_at("b"))) == FileErrorCode::not_permitted);
  CHECK(code_of(test.set_meta({.path = file_path("a"), .is_executable = true})) ==
        FileErrorCode::not_permitted);
  CHECK(test.tree.status(file_path("a"))->mode == published->mode);
  CHECK(test::count_names(test.path("")) == 1);
}

TEST_CASE("a set-id bit of a file is not kept (T33)") {
  TestTree test;
  CHECK(test.publish(target_at("a")));
  REQUIRE(::chmod(test.path("a").c_str(), 06755) == 0);
  CHECK(test.set_meta({.path = file_path("a"), .is_executable = true})->mode == 0700);
}

}  // namespace
}  // namespace hotline::services::file_tree_test
