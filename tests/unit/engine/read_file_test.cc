#include "hotline/engine/read_file.h"

#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::read_file_test {

TEST_CASE("a file gives all its bytes, and may have exactly as many as allowed") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("file");
  for (const std::string& content :
       {std::string(), std::string("a\0b\n", 4), std::string(16, 'x')}) {
    std::ofstream(path) << content;
    CHECK(read_file(path, 16).value() == content);
  }
  std::ofstream(path) << std::string(17, 'x');
  CHECK(test::kind_of(read_file(path, 16)) == "too_large");
}

TEST_CASE("a path without a file, and a directory, are errors that name it") {
  const test::TemporaryDirectory directory;
  const auto missing = read_file(directory.file("none"), 16);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().endpoint == directory.file("none"));
  CHECK(test::kind_of(read_file(directory.path(), 16)) == "invalid_argument");
}

}  // namespace hotline::read_file_test
