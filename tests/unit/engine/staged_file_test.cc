#include "hotline/engine/staged_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "support/file_size_limit.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::staged_file_test {
namespace {

using test::kind_of;
using test::on_each_engine;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST_CASE("a file has its name only after it is published") {
  on_each_engine([] {
    const test::TemporaryDirectory directory;
    auto file = StagedFile::make(directory.file("a"));
    REQUIRE(file);
    CHECK(file->path() == directory.file("a.partial"));
    REQUIRE(file->append(as_bytes("one ")));
    REQUIRE(file->append(as_bytes(std::string_view("t\0o", 3))));
    CHECK(content_of(directory.file("a.partial")) == std::string("one t\0o", 7));
    CHECK_FALSE(std::filesystem::exists(directory.file("a")));
    REQUIRE(file->publish());
    CHECK(file->path() == directory.file("a"));
    CHECK(file->size() == 7);
    CHECK(content_of(directory.file("a")) == std::string("one t\0o", 7));
    CHECK_FALSE(std::filesystem::exists(directory.file("a.partial")));
  });
}

TEST_CASE("only the owner can read it, whatever the umask allows") {
  const test::TemporaryDirectory directory;
  const mode_t before = ::umask(0);
  auto file = StagedFile::make(directory.file("a"));
  ::umask(before);
  REQUIRE(file);
  CHECK(mode_of(directory.file("a.partial")) == 0600);
  REQUIRE(file->publish());
  CHECK(mode_of(directory.file("a")) == 0600);
}

TEST_CASE("a file that is left keeps its partial name, and an empty one is removed") {
  const test::TemporaryDirectory directory;
  {
    auto begun = StagedFile::make(directory.file("a"));
    REQUIRE(begun->append(as_bytes("x")));
    const auto empty = StagedFile::make(directory.file("b"));
    REQUIRE(empty);
  }
  CHECK(content_of(directory.file("a.partial")) == "x");
  CHECK_FALSE(std::filesystem::exists(directory.file("b.partial")));
  auto published = StagedFile::make(directory.file("c"));
  REQUIRE(published->publish());
  published = StagedFile::make(directory.file("d"));
  CHECK(std::filesystem::exists(directory.file("c")));
}

TEST_CASE("an existing file is neither written to nor followed") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_symlink(directory.file("other"), directory.file("a.partial"));
  const auto refused = StagedFile::make(directory.file("a"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "cannot make the file " + directory.file("a.partial") + ": File exists");
  CHECK_FALSE(std::filesystem::exists(directory.file("other")));
  CHECK(kind_of(StagedFile::make(directory.file("absent/a"))) == "not_found");
}

TEST_CASE("an old file and its partial one are removed, and a directory is not") {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.file("a")) << "old";
  std::ofstream(directory.file("a.partial")) << "old";
  CHECK(StagedFile::remove_old(directory.file("a")));
  CHECK_FALSE(std::filesystem::exists(directory.file("a")));
  CHECK_FALSE(std::filesystem::exists(directory.file("a.partial")));
  CHECK(StagedFile::remove_old(directory.file("a")));
  std::filesystem::create_directory(directory.file("d"));
  CHECK_FALSE(StagedFile::remove_old(directory.file("d")));
}

TEST_CASE("a write that fails is an error that names the file") {
  const test::TemporaryDirectory directory;
  auto file = StagedFile::make(directory.file("a"));
  REQUIRE(file);
  const auto written = [&] {
    const test::FileSizeLimit limit(3);
    return file->append(as_bytes("hello"));
  }();
  REQUIRE_FALSE(written);
  CHECK(written.error().message() ==
        "cannot write the file " + directory.file("a.partial") + ": File too large");
  CHECK(file->size() == 3);
}

TEST_CASE("a file whose directory has gone cannot be published") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory.file("d"));
  auto file = StagedFile::make(directory.file("d/a"));
  std::filesystem::remove_all(directory.file("d"));
  CHECK(kind_of(file->publish()) == "not_found");
}

}  // namespace
}  // namespace hotline::staged_file_test
