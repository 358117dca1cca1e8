#include "services/file_ledger.h"

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/sim/world.h"
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

/// Calls `work` until it succeeds.
void insist(const std::function<bool()>& work) {
  while (!work()) REQUIRE(sleep_for(std::chrono::seconds(1)));
}

/// Makes the slot clean, and then dirty, on a disk that fails now and then.
void make_dirty() {
  std::optional<FileLedger> ledger;
  insist([&] {
    const auto top = Directory::open("/");
    if (!top->status("ledger") && !top->create("ledger", 0600)) return false;
    auto file = top->open_for_writing("ledger");
    auto opened = file ? FileLedger::open(std::move(*file)) : Result<FileLedger>(fail(Error()));
    if (opened) ledger.emplace(std::move(*opened));
    return opened && top->sync();
  });
  insist([&] { return ledger->set({.user = "alice"}).has_value(); });
  insist([&] { return ledger->set({.user = "alice", .is_dirty = true}).has_value(); });
}

TEST_CASE("a slot that was made dirty is so after a power cut, although the disk failed before") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    FaultPlan faults;
    faults.set(Fault::sync_failure, 300'000).set(Fault::disk_full, 300'000);
    sim::World world(seed, {.faults = faults});
    world.host("a").run(make_dirty);
    bool is_dirty = false;
    world.at(std::chrono::hours(1), [&] {
      world.host("a").cut_power();
      world.host("a").run([&] {
        auto file = Directory::open("/").value().open_for_writing("ledger");
        const FileLedger ledger = FileLedger::open(std::move(file.value())).value();
        is_dirty = ledger.find("alice") != nullptr && ledger.find("alice")->is_dirty;
      });
    });
    CHECK(world.run().to_string() == "");
    CHECK(is_dirty);
  }
}

}  // namespace
}  // namespace hotline::services::file_ledger_test
