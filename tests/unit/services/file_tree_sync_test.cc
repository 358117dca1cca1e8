#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/sim/world.h"
#include "services/all_entries.h"
#include "services/file_home.h"
#include "services/file_removal.h"
#include "support/file_samples.h"

// A home whose machine loses its power.

namespace hotline::services::file_tree_sync_test {
namespace {

using test::file_path;

Directory open_home() { return Directory::open("/").value().open_beneath("home").value(); }

/// A home in a world, with a directory `d` that an earlier server has made, and not waited for.
void use_home(const std::function<void(FileHome&)>& use) {
  const Directory top = Directory::open("/").value();
  REQUIRE(top.make_directory("home", 0700));
  REQUIRE(top.make_directory("staging", 0700));
  REQUIRE(top.sync());
  REQUIRE(open_home().make_directory("d", 0700));
  FileUser user;
  user.name = "alice";
  const auto tree = std::make_shared<FileTree>(open_home(), FileDurability::full);
  tree->account().set_used({.entries = 1});
  FileHome home(tree, top.open_beneath("staging").value(), user, {});
  REQUIRE(home.load());
  use(home);
}

/// Returns true if `path` is there after a power cut, in each of some worlds.
bool survives(const std::string& path, const std::function<void(FileHome&)>& use) {
  bool has_survived = true;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::World world(seed);
    world.host("a").run([&] { use_home(use); });
    world.at(std::chrono::hours(1), [&] {
      world.host("a").cut_power();
      world.host("a").run([&] {
        const bool is_directory = open_home().open_beneath(path).has_value();
        if (!is_directory && !open_home().open_file_beneath(path)) has_survived = false;
      });
    });
    CHECK(world.run().to_string() == "");
  }
  return has_survived;
}

FileOutcome<FileVersion> store(FileHome& home, std::string_view path) {
  return home.store({.path = file_path(path), .parents = MissingParents::make, .content = "1"});
}

TEST_CASE("a directory that is there already is durable when MKDIR has succeeded (I2)") {
  CHECK(survives("d", [](FileHome& home) {
    REQUIRE(home.make_directory({.path = file_path("d"), .parents = MissingParents::make}));
  }));
}

TEST_CASE("a file is durable in a directory for which another request has not waited (I2)") {
  CHECK(survives("d/f", [](FileHome& home) { REQUIRE(store(home, "d/f")); }));
  CHECK(survives("d/e/f", [](FileHome& home) { REQUIRE(store(home, "d/e/f")); }));
}

TEST_CASE("a file is durable in a directory that was removed, made and moved before (I2)") {
  CHECK(survives("e/f", [](FileHome& home) {
    REQUIRE(store(home, "d/f"));
    REQUIRE(home.remove({.path = file_path("d"), .depth = FileDepth::tree}));
    REQUIRE(store(home, "d/g"));
    REQUIRE(home.move({.path = file_path("d"), .target = file_path("e")}));
    REQUIRE(store(home, "e/f"));
  }));
}

std::uint64_t bytes_in_home() {
  std::uint64_t bytes = 0;
  auto listed = FileLister::open(open_home(), {.depth = FileDepth::tree});
  for (bool is_last = false; !is_last;) {
    const auto page = listed->next();
    REQUIRE(page);
    for (const FileEntry& entry : page->entries) bytes += entry.meta.size;
    is_last = page->is_last;
  }
  return bytes;
}

constexpr std::uint64_t kQuota = 3'100;

/// Removes a directory of which the first file that is removed has nearly all of the quota, and
/// stores another one as soon as there is room for it.
void replace_tree(FileHome& home) {
  const std::string content(3'000, 'x');
  REQUIRE(home.store({.path = file_path("d/z"), .content = content}));
  // So many that the home is not locked all the time.
  const Directory directory = open_home().open_beneath("d").value();
  for (int i = 0; i < 600; ++i) REQUIRE(directory.create(std::to_string(i), 0600));
  TaskGroup removing;
  REQUIRE(removing.spawn("remove", [&] {
    // The power cut may come first.
    static_cast<void>(home.remove({.path = file_path("d"), .depth = FileDepth::tree}));
  }));
  for (;;) {
    const auto stored = home.store({.path = file_path("f"), .content = content});
    if (stored) break;
    const bool is_waiting = stored.error().code == FileErrorCode::quota_bytes ||
                            stored.error().code == FileErrorCode::busy;
    REQUIRE(is_waiting);
    REQUIRE(sleep_for(std::chrono::milliseconds(1)));
  }
}

TEST_CASE("what is removed is not used by others before the disk has that (I3)") {
  std::uint64_t most = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::World world(seed);
    bool is_stored = false;
    world.host("a").run([&] {
      use_home([&](FileHome& home) {
        home.set_user({.name = "alice", .limits = {.bytes = kQuota, .entries = kNoQuota}});
        replace_tree(home);
        is_stored = true;
        discard(sleep_for(std::chrono::hours(1)));
      });
    });
    REQUIRE(world.run_until([&] { return is_stored; }));
    world.host("a").cut_power();
    world.host("a").run([&] { most = std::max(most, bytes_in_home()); });
    CHECK(world.run().to_string() == "");
  }
  CHECK(most <= kQuota);
}

TEST_CASE("what is removed while the disk fails is free when the disk has it") {
  sim::WorldOptions options;
  options.faults.set(Fault::sync_failure, 500'000);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::World world(seed, options);
    world.host("a").run([&] {
      const Directory top = Directory::open("/").value();
      for (const char* name : {"home", "staging"}) REQUIRE(top.make_directory(name, 0700));
      FileUser user{.name = "alice", .limits = {.bytes = 5, .entries = kNoQuota}};
      FileHome home(std::make_shared<FileTree>(open_home(), FileDurability::full),
                    top.open_beneath("staging").value(), user, {});
      REQUIRE(home.load());
      const PutSmallFile request{.path = file_path("f"),
                                 .replacement = {.on_exist = OnExist::replace},
                                 .content = "12345"};
      bool is_stored = false;
      for (int i = 0; i < 100 && !is_stored; ++i) is_stored = home.store(request).has_value();
      REQUIRE(is_stored);
      const auto removed = home.remove({.path = file_path("f")});
      CHECK(home.used() == FileUsage());
      CHECK(home.quota().bytes_reserved == (removed ? 0 : 5));
      for (int i = 0; i < 100 && home.quota().bytes_reserved > 0; ++i) home.sweep({});
      CHECK(home.quota().bytes_reserved == 0);
    });
    CHECK(world.run().to_string() == "");
  }
}

void make_durable(const Directory& directory) {
  while (!directory.sync()) continue;
}

/// Makes a directory with 300 files of 10 bytes, which the disk has.
void make_full_directory(const Directory& home) {
  REQUIRE(home.make_directory("d", 0700));
  const Directory directory = home.open_beneath("d").value();
  for (int i = 0; i < 300; ++i) {
    auto file = directory.create(std::to_string(i), 0600);
    REQUIRE(file);
    REQUIRE(file->write_at(0, as_bytes(std::string_view("0123456789"))));
    while (!file->sync()) continue;
  }
  make_durable(directory);
  make_durable(home);
}

TEST_CASE("what a removal that has failed has removed is not used before the disk has it (I3)") {
  sim::WorldOptions options;
  options.faults.set(Fault::sync_failure, 500'000);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::World world(seed, options);
    std::uint64_t counted = 0;
    world.host("a").run([&] {
      const Directory top = Directory::open("/").value();
      REQUIRE(top.make_directory("home", 0700));
      make_durable(top);
      make_full_directory(open_home());
      FileTree tree(open_home(), FileDurability::full);
      tree.account().set_used({.bytes = 3'000, .entries = 301});
      int asked = 0;
      FileRemoval removal(tree, [&]() -> FileOutcome<void> {
        if (++asked > 1) return refuse(FileErrorCode::not_permitted);
        return {};
      });
      const auto removed = removal.run({.path = file_path("d"), .depth = FileDepth::tree});
      CHECK(removed.error().code == FileErrorCode::not_permitted);
      CHECK(tree.account().used().bytes < 1'000);
      counted = tree.account().used().bytes + tree.account().reserved().bytes;
    });
    world.at(std::chrono::hours(1), [&] {
      world.host("a").cut_power();
      world.host("a").run([&] { CHECK(bytes_in_home() <= counted); });
    });
    CHECK(world.run().to_string() == "");
  }
}

TEST_CASE("an upload that was dropped does not come back (I2)") {
  std::size_t names = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::World world(seed);
    const auto open_staging = [] { return Directory::open("/").value().open_beneath("staging"); };
    world.host("a").run([&] {
      use_home([&](FileHome& home) {
        const UploadKey key{std::byte{1}};
        auto begun = home.put({.path = file_path("f"), .size = 5, .key = key});
        REQUIRE(begun);
        REQUIRE(open_staging()->sync());
        REQUIRE(home.drop(key));
      });
    });
    world.at(std::chrono::hours(1), [&] {
      world.host("a").cut_power();
      world.host("a").run([&] { names += all_entries(*open_staging())->size(); });
    });
    CHECK(world.run().to_string() == "");
  }
  CHECK(names == 0);
}

}  // namespace
}  // namespace hotline::services::file_tree_sync_test
