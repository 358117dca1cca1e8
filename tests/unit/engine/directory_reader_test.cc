#include "hotline/engine/directory_reader.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/directory.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::directory_reader_test {
namespace {

using Detail = EntriesOptions::Detail;

/// Returns all names, read `max` at a time.
std::vector<std::string> read_all(DirectoryReader reader, std::size_t max) {
  std::vector<std::string> names;
  for (;;) {
    const auto part = reader.next(max);
    REQUIRE(part);
    CHECK(part->size() <= max);
    if (part->empty()) return names;
    for (const DirectoryEntry& each : *part) names.push_back(each.name);
  }
}

/// A directory with 300 long names, on each engine.
void on_each_directory(const std::function<void(Directory&)>& body) {
  const test::TemporaryDirectory folder;
  for (int i = 0; i < 300; ++i) {
    const std::string name = std::string(200, 'n') + std::to_string(i);
    REQUIRE(::symlink("x", folder.file(name).c_str()) == 0);
  }
  test::on_each_engine([&] {
    auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    body(*directory);
  });
}

}  // namespace

TEST_CASE("an empty directory has no entries, not even itself") {
  test::on_each_engine([] {
    const test::TemporaryDirectory folder;
    auto reader = Directory::open(folder.path())->entries();
    REQUIRE(reader);
    CHECK(reader->next(10)->empty());
    CHECK(reader->next(10)->empty());
  });
}

TEST_CASE("every name is returned once, whatever the size of the parts") {
  on_each_directory([](Directory& directory) {
    for (const std::size_t max : {1U, 7U, 300U, 1000U}) {
      auto names = read_all(directory.entries().value(), max);
      CHECK(names.size() == 300);
      CHECK(std::set(names.begin(), names.end()).size() == 300);
    }
  });
}

TEST_CASE("a reader continues at the position of another") {
  on_each_directory([](Directory& directory) {
    auto first = directory.entries();
    REQUIRE(first);
    std::set<std::string> names;
    const auto part = first->next(123).value();
    for (const DirectoryEntry& each : part) names.insert(each.name);
    CHECK(names.size() == 123);
    auto rest = directory.entries({.detail = Detail::names, .from = first->position()});
    REQUIRE(rest);
    for (auto& each : read_all(std::move(*rest), 50)) names.insert(std::move(each));
    CHECK(names.size() == 300);
  });
}

TEST_CASE("entries have their kinds, and their status if it is asked for") {
  test::on_each_engine([] {
    const test::TemporaryDirectory folder;
    auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    REQUIRE(directory->create("file", 0600)->write_at(0, as_bytes("hello")));
    REQUIRE(directory->make_directory("folder", 0700));
    REQUIRE(::symlink("file", folder.file("link").c_str()) == 0);
    const std::map<std::string, EntryKind> kinds{
        {"file", EntryKind::file}, {"folder", EntryKind::directory}, {"link", EntryKind::link}};
    for (const Detail detail : {Detail::names, Detail::status}) {
      const auto found = directory->entries({.detail = detail})->next(10).value();
      REQUIRE(found.size() == 3);
      for (const DirectoryEntry& each : found) {
        CHECK(each.kind == kinds.at(each.name));
        CHECK(each.status.has_value() == (detail == Detail::status));
        if (each.status) CHECK(*each.status == directory->status(each.name).value());
      }
    }
  });
}

TEST_CASE("a name that is removed after it was listed is left out") {
  test::on_each_engine([] {
    const test::TemporaryDirectory folder;
    auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    for (const std::string_view name : {"a", "b", "c"}) REQUIRE(directory->create(name, 0600));
    auto reader = directory->entries();
    REQUIRE(reader);
    const auto first = reader->next(1).value();
    for (const std::string_view name : {"a", "b", "c"}) REQUIRE(directory->remove_file(name));
    CHECK(first.size() == 1);
    CHECK(reader->next(10)->empty());
  });
}

TEST_CASE("two readers of one directory do not disturb each other") {
  on_each_directory([](Directory& directory) {
    auto first = directory.entries();
    auto second = directory.entries();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->next(100)->size() == 100);
    CHECK(second->next(7)->size() == 7);
    CHECK(read_all(std::move(*first), 500).size() == 200);
    CHECK(read_all(std::move(*second), 500).size() == 293);
  });
}

}  // namespace hotline::directory_reader_test
