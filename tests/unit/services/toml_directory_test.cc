#include "services/toml_directory.h"

#include <doctest/doctest.h>

#include "support/file_homes.h"

namespace hotline::services::toml_directory_test {

TEST_CASE("a file is written in place of an older one, read, listed and removed") {
  const test::TemporaryDirectory directory;
  const TomlDirectory files(Directory::open(directory.path()).value());
  CHECK(files.write("a", "1"));
  CHECK(files.write("a", "22"));
  test::write_test_file(directory.file("B.toml"), "");
  test::write_test_file(directory.file(".c.toml"), "");
  test::write_test_file(directory.file("d"), "");
  CHECK(files.names().value() == std::vector<std::string>{"a"});
  CHECK(files.read("a").value() == "22");
  CHECK_FALSE(files.write("../x", ""));
  CHECK(files.remove("a"));
  CHECK_FALSE(files.remove("a"));
  CHECK(is_about(files.read("a").error(), "a"));
  CHECK_FALSE(is_about(files.read("a").error(), "b"));
}

}  // namespace hotline::services::toml_directory_test
