#include "hotline/engine/make_directories.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::make_directories_test {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST_CASE("a directory and those above it are made for the owner only") {
  const test::TemporaryDirectory directory;
  CHECK(make_directories(directory.file("a/b/c/")));
  for (const char* const each : {"a", "a/b", "a/b/c"}) {
    CHECK(mode_of(directory.file(each)) == 0700);
  }
}

TEST_CASE("a directory that exists is left as it is") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory.file("a"));
  std::filesystem::permissions(directory.file("a"), std::filesystem::perms(0755));
  CHECK(make_directories(directory.file("a")));
  CHECK(mode_of(directory.file("a")) == 0755);
  CHECK(make_directories("/"));
  CHECK(make_directories("."));
}

TEST_CASE("a directory that cannot be made is an error that names it") {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.file("f")) << "x";
  for (const char* const each : {"f", "f/d"}) {
    const auto failed = make_directories(directory.file(each));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message() == "cannot make the directory " + directory.file(each) +
                                          ": it, or one above it, is not a directory");
  }
  CHECK_FALSE(make_directories(""));
}

}  // namespace
}  // namespace hotline::make_directories_test
