#include "services/staged_content.h"

#include <doctest/doctest.h>

#include "support/file_homes.h"

namespace hotline::services::staged_content_test {
namespace {

using test::file_path;

struct Staging {
  test::TemporaryDirectory directory{};
  FileTree tree{test::open_test_directory(directory.file("home")), FileDurability::full};
  Directory staging = test::open_test_directory(directory.file("staging"));

  StagedContent make(std::string_view path) {
    return StagedContent::make(staging, {.path = file_path(path)},
                               tree.account().reserve({1, 1}, 1).value())
        .value();
  }
};

TEST_CASE("staged content is in no home until it is published") {
  Staging test;
  StagedContent content = test.make("a");
  REQUIRE(content.file().write_at(0, as_bytes("1")));
  REQUIRE(content.describe({.modified = FileTime(std::chrono::seconds(1))}));
  REQUIRE(content.sync());
  CHECK(test::count_names(test.directory.file("home")) == 0);
  ChangedDirectories changed;
  REQUIRE(content.publish(test.tree, changed));
  CHECK(changed.directories.size() == 1);
  CHECK(test.tree.sync(changed));
  CHECK(test::read_test_file(test.directory.file("home/a")) == "1");
  CHECK(test::count_names(test.directory.file("staging")) == 0);
}

TEST_CASE("staged content that is not published leaves no file and no reservation") {
  Staging test;
  {
    StagedContent content = test.make("a");
    CHECK(test::count_names(test.directory.file("staging")) == 1);
  }
  CHECK(test::count_names(test.directory.file("staging")) == 0);
  CHECK(test.tree.account().reserved() == FileUsage());
}

}  // namespace
}  // namespace hotline::services::staged_content_test
