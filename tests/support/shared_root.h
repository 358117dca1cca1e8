#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/file_store.h"
#include "support/file_homes.h"

// A root of the file service with a share, in the real file system.

namespace hotline::test {

/// A root with the share `team`, which alice may use in full and bob may read and write.
struct SharedRoot {
  using Home = std::shared_ptr<services::FileHome>;

  explicit SharedRoot(const std::string& terms = "") {
    std::filesystem::permissions(directory.path(), std::filesystem::perms::owner_all);
    describe("shares/team", terms);
    describe("users/alice", "[shares]\nteam = \"rwod\"\n");
    describe("users/bob", "[shares]\nteam = \"rw\"\n");
    describe("users/carol", "");
    open();
  }

  void describe(const std::string& name, const std::string& text) const {
    write_test_file(directory.file(name + ".toml"), text);
  }

  void open() {
    store.reset();
    std::vector<Error> faults;
    store = std::move(services::FileStore::open(directory.path(), options, faults).value());
    CHECK(faults.empty());
  }

  Home home(const std::string& user) const { return store->home(user).value(); }
  std::string path(const std::string& name) const { return directory.file("shared/team/" + name); }
  services::FileUsage used() const {
    return store->shares().share("team").value()->tree().account().used();
  }

  TemporaryDirectory directory{};
  services::FileHome::Options options{.durability = services::FileDurability::none};
  std::unique_ptr<services::FileStore> store{};
};

}  // namespace hotline::test
