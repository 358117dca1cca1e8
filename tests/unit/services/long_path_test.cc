#include "services/long_path.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "support/file_homes.h"

namespace hotline::services::long_path_test {
namespace {

TEST_CASE("a directory is opened by a path of any length") {
  const test::TemporaryDirectory temporary;
  const std::string name(200, 'n');
  test::make_deep_directory(temporary.path(), name, 60);
  const Directory base = Directory::open(temporary.path()).value();
  std::string path = name;
  std::uint64_t above = 0;
  for (int i = 1; i < 60; ++i, path += '/' + name) {
    const auto directory = open_long_path(base, path);
    REQUIRE(directory);
    // The path leads to what the directory before it has.
    const std::uint64_t inode = directory->status().value().inode;
    CHECK(inode != above);
    above = inode;
    CHECK(directory->status(name)->inode ==
          open_long_path(base, path + '/' + name)->status()->inode);
  }
  CHECK(open_long_path(base, "")->status()->inode == base.status()->inode);
}

TEST_CASE("a path at the limit of the kernel is opened, and one that is missing is not found") {
  const test::TemporaryDirectory temporary;
  const Directory base = Directory::open(temporary.path()).value();
  const std::string name(255, 'n');
  test::make_deep_directory(temporary.path(), name, 17);
  std::string path = name;
  for (int i = 1; i < 16; ++i) path += '/' + name;
  CHECK(path.size() == 4'095);
  CHECK(open_long_path(base, path));
  CHECK(open_long_path(base, path + '/' + name));
  CHECK(open_long_path(base, path + "/x").error().native_code == ENOENT);
  CHECK(open_long_path(base, path + '/' + std::string(5'000, 'x')).error().native_code ==
        ENAMETOOLONG);
  CHECK(open_long_path(base, path + "/../" + name).error().native_code == EXDEV);
}

}  // namespace
}  // namespace hotline::services::long_path_test
