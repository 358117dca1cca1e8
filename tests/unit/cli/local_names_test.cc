#include "cli/local_names.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::cli::local_names_test {

TEST_CASE("all names of a directory are returned, with their kinds, or some more than asked for") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory.file("d"));
  for (int i = 0; i < 1'000; ++i) std::ofstream(directory.file(std::to_string(i))).put('x');
  const auto all = local_names(directory.file(""));
  REQUIRE(all);
  std::set<std::string> names;
  for (const DirectoryEntry& each : *all) {
    names.insert(each.name);
    CHECK((each.kind == EntryKind::directory) == (each.name == "d"));
  }
  CHECK(names.size() == 1'001);
  const auto some = local_names(directory.file(""), 10);
  REQUIRE(some);
  CHECK(some->size() > 10);
  CHECK(some->size() < 1'001);
}

TEST_CASE("the names of what is not a directory cannot be had") {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.file("file")).put('x');
  CHECK_FALSE(local_names(directory.file("file")));
  CHECK_FALSE(local_names(directory.file("missing")));
}

TEST_CASE("an empty name is the directory where the program is") {
  CHECK(local_names("").value().size() == local_names(".").value().size());
}

}  // namespace hotline::cli::local_names_test
