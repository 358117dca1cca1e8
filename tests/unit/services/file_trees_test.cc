#include "services/file_trees.h"

#include <doctest/doctest.h>

#include "support/file_homes.h"

namespace hotline::services::file_trees_test {
namespace {

struct Trees {
  Trees() { open(); }

  void open() {
    trees.reset();
    trees.emplace(test::open_test_directory(directory.file("trees")),
                  FileLedger::open_in(Directory::open(directory.path()).value(), "ledger").value(),
                  FileTrees::Options{.durability = FileDurability::none});
  }

  test::TemporaryDirectory directory{};
  std::optional<FileTrees> trees{};
};

TEST_CASE("a tree is opened once, and counted if the ledger does not have it") {
  Trees test;
  test::write_test_file(test.directory.file("trees/a/f"), "123");
  const auto tree = test.trees->open("a").value();
  CHECK(test.trees->open("a").value() == tree);
  CHECK(tree->account().used() == FileUsage{3, 1});
  CHECK_FALSE(tree->account().is_doubtful());
}

TEST_CASE("a tree is in doubt after a kill, until it is counted (I3)") {
  Trees test;
  REQUIRE(test.trees->open("a"));
  test::write_test_file(test.directory.file("trees/a/f"), "123");
  test.open();
  const auto tree = test.trees->open("a").value();
  CHECK(tree->account().is_doubtful());
  REQUIRE(test.trees->recount_one());
  CHECK_FALSE(tree->account().is_doubtful());
  CHECK(tree->account().used() == FileUsage{3, 1});
  REQUIRE(test.trees->close());
  test.open();
  CHECK_FALSE(test.trees->open("a").value()->account().is_doubtful());
  CHECK(test.trees->recount("a") == FileUsage{3, 1});
}

}  // namespace
}  // namespace hotline::services::file_trees_test
