#include "cli/local_glob.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::cli::local_glob_test {

TEST_CASE("a pattern stands for the paths that match, in order") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory.file("d1"));
  std::filesystem::create_directories(directory.file("d2"));
  for (const char* name : {"b.txt", "a.txt", ".hidden.txt", "a*", "d1/x.c", "d2/x.c"}) {
    std::ofstream(directory.file(name)).put('x');
  }
  const auto found = [&](const std::string& pattern) {
    const auto paths = find_local(directory.file(pattern));
    std::vector<std::string> names;
    if (!paths) return names;
    for (const std::string& each : *paths) {
      names.push_back(each.substr(directory.file("").size()));
    }
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(found("*.txt") == Names{"a.txt", "b.txt"});
  CHECK(found(".*.txt") == Names{".hidden.txt"});
  CHECK(found("d?/*.c") == Names{"d1/x.c", "d2/x.c"});
  CHECK(found("a\\*") == Names{"a*"});
  CHECK(found("missing") == Names{"missing"});
  CHECK(found("*.pdf").empty());
  CHECK(find_local(directory.file("*.pdf")).error().kind == ErrorKind::not_found);
}

}  // namespace hotline::cli::local_glob_test
