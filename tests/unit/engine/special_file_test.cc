#include "engine/special_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::engine::special_file_test {
namespace {

TEST_CASE("a directory, a named pipe and a device are special, also by a link") {
  const test::TemporaryDirectory directory;
  const std::string pipe = directory.file("pipe");
  const std::string link = directory.file("link");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  REQUIRE(::symlink(pipe.c_str(), link.c_str()) == 0);
  CHECK(is_special_file(directory.file("")));
  CHECK(is_special_file(pipe));
  CHECK(is_special_file(link));
  CHECK(is_special_file("/dev/null"));
}

TEST_CASE("a regular file is not special, also by a link") {
  const test::TemporaryDirectory directory;
  const std::string file = directory.file("file");
  const std::string link = directory.file("link");
  std::ofstream(file) << "content";
  REQUIRE(::symlink(file.c_str(), link.c_str()) == 0);
  CHECK_FALSE(is_special_file(file));
  CHECK_FALSE(is_special_file(link));
}

TEST_CASE("what is not there is not special") {
  const test::TemporaryDirectory directory;
  CHECK_FALSE(is_special_file(directory.file("missing")));
  CHECK_FALSE(is_special_file(""));
}

}  // namespace
}  // namespace hotline::engine::special_file_test
