#include "hotline/engine/control_group.h"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::control_group_test {

TEST_CASE("the directories go from the own group up to the root, each once") {
  for (const char* controller : {"cpu", "memory", "pids"}) {
    std::vector<std::string> directories = control_group_directories(controller);
    for (const std::string& each : directories) CHECK(each.starts_with("/sys/fs/cgroup"));
    std::ranges::sort(directories);
    CHECK(std::ranges::adjacent_find(directories) == directories.end());
  }
}

TEST_CASE("the first line of a file is read, and the number at its start") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("file");
  CHECK_FALSE(read_first_line(path));
  CHECK_FALSE(read_leading_number(path));
  std::ofstream(path) << "-12 34\nrest\n";
  CHECK(read_first_line(path) == "-12 34");
  CHECK(read_leading_number(path) == -12);
  std::ofstream(path) << "max\n";
  CHECK(read_first_line(path) == "max");
  CHECK_FALSE(read_leading_number(path));
  CHECK(parse_leading_number("7\n") == 7);
  CHECK_FALSE(parse_leading_number(""));
}

}  // namespace hotline::control_group_test
