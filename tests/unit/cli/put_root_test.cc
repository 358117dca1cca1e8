#include "cli/put_root.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "support/temporary_directory.h"

namespace hotline::cli::put_root_test {
namespace {

namespace fs = std::filesystem;

/// A directory `a` with a directory `d`, and a directory `b` like it.
struct Places {
  Places() {
    for (const char* each : {"a/d", "b/d"}) fs::create_directories(path(each));
  }
  std::string path(const std::string& name) const { return folder.file(name); }

  /// Lets another directory have the name `a`.
  void exchange() const {
    fs::rename(path("a"), path("c"));
    fs::create_directory_symlink(path("b"), path("a"));
  }

  test::TemporaryDirectory folder{};
};

}  // namespace

TEST_CASE("what is below a directory is opened, and itself") {
  const Places places;
  for (const auto keep : {PutRoot::Keep::path, PutRoot::Keep::descriptor}) {
    const auto root = PutRoot::open(places.path("a"), keep);
    REQUIRE(root);
    CHECK(root->open_beneath("d"));
    CHECK(root->open_beneath("")->status("d"));
    CHECK_FALSE(root->open_beneath("missing"));
    CHECK_FALSE(root->open_beneath("../b"));
  }
  CHECK_FALSE(PutRoot::open(places.path("missing"), PutRoot::Keep::path));
}

TEST_CASE("a directory whose path leads to another one by now is not opened again") {
  const Places places;
  const auto root = PutRoot::open(places.path("a"), PutRoot::Keep::path);
  places.exchange();
  const auto opened = root->open_beneath("d");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message() ==
        "cannot put files from " + places.path("a") + ": it was exchanged for another directory");
}

TEST_CASE("a directory that stays open is the same whatever has its path") {
  const Places places;
  const auto root = PutRoot::open(places.path("a"), PutRoot::Keep::descriptor);
  places.exchange();
  const auto opened = root->open_beneath("d");
  REQUIRE(opened);
  CHECK(opened->status()->inode == Directory::open(places.path("c/d"))->status()->inode);
}

}  // namespace hotline::cli::put_root_test
