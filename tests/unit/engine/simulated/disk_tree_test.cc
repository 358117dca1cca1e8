#include "engine/simulated/disk_tree.h"

#include <cerrno>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace hotline::engine::disk_tree_test {
namespace {

using Existing = Directory::Existing;

/// A tree with the directories `a` and `b`, which are on the disk, and what a test does to it.
struct Disk {
  DiskTree tree;
  DiskInode& root = tree.root();
  DiskInode& a = directory("a");
  DiskInode& b = directory("b");

  Disk() { tree.sync(root); }

  DiskInode& directory(const std::string& name) {
    return tree.make(root, name, EntryKind::directory, 0700, {});
  }
  DiskInode& file(DiskInode& in, const std::string& name) {
    return tree.make(in, name, EntryKind::file, 0600, {});
  }
  int rename(DiskInode& from, const std::string& name, DiskInode& to, const std::string& new_name,
             Existing existing = Existing::replace) {
    return tree.rename(from, name, to, new_name, existing, {});
  }
  int code(std::string_view path) {
    const DiskTree::Found found = tree.find(root, path);
    return found.failed == 0 && found.inode == nullptr ? -ENOENT : found.failed;
  }
  bool has(std::string_view path) { return code(path) == 0; }
};

/// Returns which of `paths` are there after power cuts of what `prepare` leaves, as texts such as
/// "a/x b/y".
template <typename Prepare>
std::set<std::string> after_cuts(Prepare prepare, std::initializer_list<std::string> paths) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Disk disk;
    prepare(disk);
    Chance chance(seed);
    disk.tree.cut_power(chance);
    std::string text;
    for (const std::string& path : paths) {
      if (disk.has(path)) text += (text.empty() ? "" : " ") + path;
    }
    seen.insert(text);
  }
  return seen;
}

}  // namespace

TEST_CASE("paths lead to what is below, and never out") {
  Disk disk;
  DiskInode& deep = disk.tree.make(disk.a, "deep", EntryKind::directory, 0700, {});
  disk.file(deep, "x");
  disk.tree.make(disk.root, "link", EntryKind::link, 0777, {});
  CHECK(disk.has("a/deep/x"));
  CHECK(disk.has("a/./deep//x"));
  CHECK(disk.has("a/deep/../deep/x"));
  CHECK(disk.tree.find(disk.root, "").inode == &disk.root);
  CHECK(disk.code("a/absent") == -ENOENT);
  CHECK(disk.code("absent/x") == -ENOENT);
  CHECK(disk.code("a/deep/x/y") == -ENOTDIR);
  CHECK(disk.code("/a") == -EXDEV);
  CHECK(disk.code("a/../../b") == -EXDEV);
  CHECK(disk.tree.find(disk.a, "../b").failed == -EXDEV);
  CHECK(disk.has("link"));
  CHECK(disk.code("link/x") == -ELOOP);
  CHECK(disk.code(std::string(256, 'a')) == -ENAMETOOLONG);
}

TEST_CASE("a name is removed as what it is") {
  Disk disk;
  DiskInode& file = disk.file(disk.a, "x");
  CHECK(file.status().links == 1);
  CHECK(disk.tree.remove(disk.a, "x", EntryKind::directory, {}) == -ENOTDIR);
  CHECK(disk.tree.remove(disk.root, "a", EntryKind::file, {}) == -EISDIR);
  CHECK(disk.tree.remove(disk.root, "a", EntryKind::directory, {}) == -ENOTEMPTY);
  CHECK(disk.tree.remove(disk.a, "y", EntryKind::file, {}) == -ENOENT);
  CHECK(disk.tree.remove(disk.a, "x", EntryKind::file, {}) == 0);
  CHECK(file.status().links == 0);
  CHECK(disk.tree.remove(disk.root, "a", EntryKind::directory, {}) == 0);
  CHECK_FALSE(disk.has("a"));
}

TEST_CASE("a rename replaces what it may, and nothing else") {
  Disk disk;
  disk.file(disk.a, "x");
  disk.file(disk.b, "y");
  CHECK(disk.rename(disk.a, "x", disk.b, "y", Existing::fail) == -EEXIST);
  CHECK(disk.rename(disk.a, "absent", disk.b, "z") == -ENOENT);
  CHECK(disk.rename(disk.root, "a", disk.b, "y") == -ENOTDIR);
  CHECK(disk.rename(disk.b, "y", disk.root, "a") == -EISDIR);
  CHECK(disk.rename(disk.root, "b", disk.root, "a") == -ENOTEMPTY);
  CHECK(disk.rename(disk.root, "a", disk.a, "inside") == -EINVAL);
  CHECK(disk.rename(disk.a, "x", disk.a, "x") == 0);
  CHECK(disk.rename(disk.a, "x", disk.b, "y") == 0);
  CHECK(disk.has("b/y"));
  CHECK_FALSE(disk.has("a/x"));
  CHECK(disk.rename(disk.root, "b", disk.root, "a") == 0);
  CHECK(disk.has("a/y"));
}

TEST_CASE("a name that was not synced may be lost in a power cut, and one that was may not") {
  CHECK(after_cuts([](Disk& disk) { disk.file(disk.a, "x"); }, {"a/x"}) ==
        std::set<std::string>{"", "a/x"});
  CHECK(after_cuts(
            [](Disk& disk) {
              disk.file(disk.a, "x");
              disk.tree.sync(disk.a);
            },
            {"a/x"}) == std::set<std::string>{"a/x"});
}

TEST_CASE("a file that is synced is not there without its name") {
  CHECK(after_cuts([](Disk& disk) { disk.tree.sync(disk.file(disk.a, "x")); }, {"a/x"}) ==
        std::set<std::string>{"", "a/x"});
}

TEST_CASE("the changes of one directory are left in their order") {
  CHECK(after_cuts(
            [](Disk& disk) {
              disk.file(disk.a, "x");
              disk.file(disk.a, "y");
              disk.tree.remove(disk.a, "x", EntryKind::file, {});
            },
            {"a/x", "a/y"}) == std::set<std::string>{"", "a/x", "a/x a/y", "a/y"});
}

TEST_CASE("a file that is moved has one of its two names after a power cut") {
  const auto prepare = [](Disk& disk) {
    disk.file(disk.a, "x");
    disk.tree.sync(disk.a);
    disk.rename(disk.a, "x", disk.b, "y");
  };
  CHECK(after_cuts(prepare, {"a/x", "b/y"}) == std::set<std::string>{"a/x", "b/y"});
  CHECK(after_cuts(
            [&](Disk& disk) {
              prepare(disk);
              disk.tree.sync(disk.b);
            },
            {"a/x", "b/y"}) == std::set<std::string>{"b/y"});
}

TEST_CASE("a file that is moved again and again is never lost, nor there twice") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Chance chance(seed);
    Disk disk;
    DiskInode& c = disk.directory("c");
    disk.tree.sync(disk.root);
    const std::vector<std::pair<DiskInode*, std::string>> places{
        {&disk.a, "a"}, {&disk.b, "b"}, {&c, "c"}};
    std::size_t at = 0;
    disk.file(*places[at].first, "x");
    disk.tree.sync(*places[at].first);
    for (int i = 0; i < 6; ++i) {
      const std::size_t next = chance.below(places.size());
      CHECK(disk.rename(*places[at].first, "x", *places[next].first, "x") == 0);
      at = next;
      if (chance.below(4) == 0) disk.tree.sync(*places[chance.below(places.size())].first);
    }
    disk.tree.cut_power(chance);
    CHECK(disk.has("a/x") + disk.has("b/x") + disk.has("c/x") == 1);
  }
}

TEST_CASE("a power cut takes locks and the unsynced attributes of a file") {
  std::set<unsigned> modes;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Disk disk;
    disk.a.attributes.mode = 0755;
    disk.a.lock_holder = &disk;
    Chance chance(seed);
    disk.tree.cut_power(chance);
    modes.insert(disk.a.status().mode);
    CHECK(disk.a.lock_holder == nullptr);
  }
  CHECK(modes == std::set<unsigned>{0700, 0755});
}

}  // namespace hotline::engine::disk_tree_test
