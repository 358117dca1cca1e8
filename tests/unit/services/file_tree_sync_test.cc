#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "hotline/sim/world.h"
#include "services/file_home.h"
#include "support/file_samples.h"

// A home whose machine loses its power after DONE.

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
  FileHome home(open_home(), top.open_beneath("staging").value(), user, {});
  REQUIRE(home.load(FileUsage{.entries = 1}));
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

}  // namespace
}  // namespace hotline::services::file_tree_sync_test
