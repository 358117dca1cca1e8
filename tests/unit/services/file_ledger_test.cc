#include "services/file_ledger.h"

#include <doctest/doctest.h>

#include "support/file_homes.h"

namespace hotline::services::file_ledger_test {
namespace {

struct Ledger {
  explicit Ledger() {
    static_cast<void>(test::open_test_directory(directory.path()).create("ledger", 0600));
  }

  FileLedger open() const {
    auto file = Directory::open(directory.path()).value().open_for_writing("ledger");
    return FileLedger::open(std::move(file.value())).value();
  }

  test::TemporaryDirectory directory{};
};

TEST_CASE("the ledger keeps a slot for each user") {
  const Ledger test;
  const LedgerSlot alice{.user = "alice", .used = {1, 2}, .is_dirty = true};
  LedgerSlot bob{.user = "bob", .used = {3, 4}};
  {
    FileLedger ledger = test.open();
    CHECK(ledger.find("alice") == nullptr);
    CHECK(ledger.set(alice));
    CHECK(ledger.set({.user = "bob"}));
    CHECK(ledger.set(bob));
  }
  FileLedger ledger = test.open();
  REQUIRE(ledger.find("alice") != nullptr);
  CHECK(*ledger.find("alice") == alice);
  CHECK(*ledger.find("bob") == bob);
  CHECK(test::read_test_file(test.directory.file("ledger")).size() == 2 * LedgerSlot::kBytes);
}

TEST_CASE("a damaged slot of the ledger is lost, and used again") {
  const Ledger test;
  {
    FileLedger ledger = test.open();
    REQUIRE(ledger.set({.user = "alice"}));
    REQUIRE(ledger.set({.user = "bob"}));
  }
  std::string text = test::read_test_file(test.directory.file("ledger"));
  text[10] = '?';
  test::write_test_file(test.directory.file("ledger"), text + "cut off");
  FileLedger ledger = test.open();
  CHECK(ledger.find("alice") == nullptr);
  CHECK(ledger.find("bob") != nullptr);
  CHECK(ledger.set({.user = "carol"}));
  CHECK(ledger.set({.user = "dave"}));
  FileLedger again = test.open();
  CHECK(again.find("carol") != nullptr);
  CHECK(again.find("bob") != nullptr);
  CHECK(again.find("dave") != nullptr);
}

}  // namespace
}  // namespace hotline::services::file_ledger_test
