#include "services/all_entries.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::services::all_entries_test {

TEST_CASE("an empty directory has no entries") {
  const test::TemporaryDirectory temporary;
  const auto directory = Directory::open(temporary.path());
  REQUIRE(directory);
  CHECK(all_entries(*directory).value().empty());
}

TEST_CASE("every entry is returned once, with its status or without, however many there are") {
  const test::TemporaryDirectory temporary;
  const auto directory = Directory::open(temporary.path());
  REQUIRE(directory);
  std::set<std::string> names;
  for (int i = 0; i < 600; ++i) {
    names.insert("f" + std::to_string(i));
    REQUIRE(directory->create("f" + std::to_string(i), 0600));
  }
  for (const auto detail : {EntriesOptions::Detail::names, EntriesOptions::Detail::status}) {
    const auto entries = all_entries(*directory, {.detail = detail}).value();
    std::set<std::string> found;
    for (const DirectoryEntry& each : entries) {
      found.insert(each.name);
      CHECK(each.status.has_value() == (detail == EntriesOptions::Detail::status));
    }
    CHECK(entries.size() == names.size());
    CHECK(found == names);
  }
}

}  // namespace hotline::services::all_entries_test
