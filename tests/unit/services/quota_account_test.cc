#include "services/quota_account.h"

#include <doctest/doctest.h>

#include <array>
#include <thread>
#include <vector>

namespace hotline::services::quota_account_test {
namespace {

constexpr std::uint64_t kHuge = kNoQuota;

TEST_CASE("what is reserved and used together stays within the limits, to the last byte") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = 10});
  account.set_used({.bytes = 40, .entries = 9});
  auto first = account.reserve({.bytes = 60, .entries = 1}, 60);
  REQUIRE(first);
  const auto second = account.reserve({.bytes = 1}, 1);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == FileErrorCode::quota_bytes);
  CHECK(second.error().detail == 1);
  const auto entry = account.reserve({.entries = 2}, 0);
  REQUIRE_FALSE(entry);
  CHECK(entry.error().code == FileErrorCode::quota_entries);
  CHECK(entry.error().detail == 2);
  first->release();
  CHECK(account.reserved() == FileUsage());
  CHECK(account.reserve({.bytes = 60, .entries = 1}, 60));
}

TEST_CASE("a reservation is given back when it is destroyed, and once when it was moved") {
  QuotaAccount account;
  {
    auto reservation = account.reserve({.bytes = 5, .entries = 1}, 5);
    QuotaReservation moved = std::move(*reservation);
    CHECK(account.reserved() == FileUsage{5, 1});
    QuotaReservation other;
    other = std::move(moved);
    CHECK(account.reserved() == FileUsage{5, 1});
  }
  CHECK(account.reserved() == FileUsage());
}

TEST_CASE("what a change has freed is in the way of others until it is given back") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = 2});
  account.set_used({.bytes = 90, .entries = 2});
  const std::array shrunk{FileChange{.before = {80, 1}, .after = {10, 1}}};
  auto freed = account.settle(shrunk);
  REQUIRE(freed);
  CHECK(freed->usage() == FileUsage{.bytes = 70});
  CHECK(account.used() == FileUsage{20, 2});
  CHECK(account.reserved() == FileUsage{.bytes = 70});
  CHECK(account.reserve({.bytes = 10}, 0));
  const auto early = account.reserve({.bytes = 11}, 0);
  REQUIRE_FALSE(early);
  CHECK(early.error().code == FileErrorCode::busy);
  CHECK(early.error().is_retryable);
  const auto never = account.reserve({.bytes = 81}, 0);
  REQUIRE_FALSE(never);
  CHECK(never.error().code == FileErrorCode::quota_bytes);
  CHECK(never.error().detail == 1);
  freed->release();
  CHECK(account.reserve({.bytes = 80}, 0));
}

TEST_CASE("what several changes have freed is given back together, and once") {
  QuotaAccount account;
  account.set_used({.bytes = 90, .entries = 3});
  {
    FreedQuota all = account.correct({.before = {30, 1}});
    all.add(account.correct({.before = {20, 1}}));
    all.add(account.correct({.after = {5, 1}}));
    all.add({});
    FreedQuota moved = std::move(all);
    CHECK(moved.usage() == FileUsage{50, 2});
    CHECK(account.reserved() == FileUsage{50, 2});
    all = std::move(moved);
    CHECK(account.reserved() == FileUsage{50, 2});
  }
  CHECK(account.reserved() == FileUsage());
  CHECK(account.used() == FileUsage{45, 2});
}

TEST_CASE("numbers at the end of their range overflow nothing") {
  QuotaAccount account;
  account.set_limits({.bytes = kHuge - 1, .entries = kHuge});
  account.set_used({.bytes = kHuge - 2, .entries = kHuge});
  CHECK(account.reserve({.bytes = 1, .entries = kHuge}, 0));
  const auto refused = account.reserve({.bytes = kHuge}, 0);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail > 0);
}

TEST_CASE("what replaces a file may fill the quota although both are on the disk (T18)") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = 1});
  account.set_used({.bytes = 90, .entries = 1});
  auto reservation = account.reserve({.bytes = 10}, 100);
  REQUIRE(reservation);
  const std::array replaced{FileChange{.before = {90, 1}, .after = {100, 1}}};
  CHECK(account.settle(replaced, &*reservation));
  CHECK(account.used() == FileUsage{100, 1});
  CHECK(account.reserved() == FileUsage());
}

TEST_CASE("what is staged is limited too, whatever it replaces (T19)") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = kHuge});
  const auto first = account.reserve({}, 100);
  REQUIRE(first);
  const auto second = account.reserve({}, 1);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == FileErrorCode::quota_bytes);
}

TEST_CASE("a replacement that no longer fits because the old file has gone is refused") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = 10});
  account.set_used({.bytes = 100, .entries = 2});
  auto reservation = account.reserve({.bytes = 0}, 60);
  REQUIRE(reservation);
  account.correct({.before = {60, 1}});
  auto other = account.reserve({.bytes = 50, .entries = 1}, 50);
  CHECK_FALSE(other);
  auto fits = account.reserve({.bytes = 40, .entries = 1}, 40);
  REQUIRE(fits);
  const std::array created{FileChange{.after = {60, 1}}};
  const auto settled = account.settle(created, &*reservation);
  REQUIRE_FALSE(settled);
  CHECK(settled.error().detail == 40);
  CHECK(account.used() == FileUsage{40, 1});
}

TEST_CASE("a home over its quota may shrink, and change without growing") {
  QuotaAccount account;
  account.set_limits({.bytes = 10, .entries = 1});
  account.set_used({.bytes = 50, .entries = 5});
  const std::array shrunk{FileChange{.before = {20, 1}, .after = {19, 1}}};
  CHECK(account.settle(shrunk));
  const std::array grown{FileChange{.before = {19, 1}, .after = {20, 1}}};
  CHECK_FALSE(account.settle(grown));
  CHECK(account.used() == FileUsage{49, 5});
}

TEST_CASE("a reservation of unknown size grows until the quota ends") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = kHuge});
  auto reservation = account.reserve({.entries = 1}, 0);
  REQUIRE(reservation);
  CHECK(reservation->grow(100));
  CHECK_FALSE(reservation->grow(1));
  CHECK(reservation->usage() == FileUsage{100, 1});
  reservation->release();
  CHECK(account.reserved() == FileUsage());
}

TEST_CASE("a reservation that was settled is spent") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = kHuge});
  auto spent = account.reserve({.bytes = 60}, 60);
  const auto other = account.reserve({.bytes = 40}, 40);
  const std::array created{FileChange{.after = {60, 1}}};
  CHECK(account.settle(created, &*spent));
  CHECK(spent->usage() == FileUsage());
  const std::array more{FileChange{.after = {1, 1}}};
  CHECK_FALSE(account.settle(more, &*spent));
  CHECK_FALSE(spent->grow(1));
  CHECK(account.used() == FileUsage{60, 1});
}

TEST_CASE("of threads that reserve at the same time as many succeed as there is room") {
  QuotaAccount account;
  account.set_limits({.bytes = 500, .entries = kHuge});
  std::array<std::vector<QuotaReservation>, 4> taken;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : taken) {
      threads.emplace_back([&account, &mine] {
        for (int i = 0; i < 250; ++i) {
          if (auto one = account.reserve({.bytes = 1}, 1)) mine.push_back(std::move(*one));
        }
      });
    }
  }
  CHECK(taken[0].size() + taken[1].size() + taken[2].size() + taken[3].size() == 500);
  CHECK(account.reserved() == FileUsage{500, 0});
}

TEST_CASE("a recount adds changes in directories that were walked, and no others") {
  QuotaAccount account;
  account.set_used({.bytes = 7, .entries = 7});
  account.begin_recount();
  account.add_walked(1, {.bytes = 10, .entries = 2});
  account.correct({.directory = 1, .after = {5, 1}});
  account.correct({.directory = 2, .after = {100, 1}});
  account.note_made(1, 3);
  account.correct({.directory = 3, .after = {1, 1}});
  account.note_made(2, 4);
  account.correct({.directory = 4, .after = {1'000, 1}});
  CHECK(account.end_recount() == FileUsage{16, 4});
  CHECK(account.used() == FileUsage{16, 4});
  CHECK_FALSE(account.is_recounting());
}

TEST_CASE("a recount counts a directory that has the inode of a removed one") {
  QuotaAccount account;
  account.begin_recount();
  account.add_walked(1, {.bytes = 10, .entries = 1});
  account.note_removed(1);
  account.correct({.directory = 1, .after = {5, 1}});
  CHECK(account.end_recount() == FileUsage{10, 1});
}

TEST_CASE("a recount begins anew when a directory was moved") {
  QuotaAccount account;
  account.set_used({.bytes = 7, .entries = 7});
  account.begin_recount();
  account.note_moved();
  CHECK_FALSE(account.end_recount());
  CHECK(account.used() == FileUsage{7, 7});
  account.begin_recount();
  CHECK(account.end_recount() == FileUsage());
}

TEST_CASE("while it is in doubt how much is used, only what has a limit may not grow (I3)") {
  QuotaAccount account;
  account.set_limits({.bytes = 100, .entries = kHuge});
  account.set_used({.bytes = 40, .entries = 4});
  account.doubt_used();
  const auto refused = account.reserve({.bytes = 1}, 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == FileErrorCode::busy);
  CHECK(refused.error().is_retryable);
  const std::array grown{FileChange{.before = {1, 1}, .after = {2, 1}}};
  CHECK_FALSE(account.settle(grown));
  const std::array shrunk{FileChange{.before = {20, 1}, .after = {19, 1}}};
  CHECK(account.settle(shrunk));
  CHECK(account.reserve({.entries = 1}, 0));
  account.begin_recount();
  CHECK(account.is_doubtful());
  CHECK(account.end_recount());
  CHECK_FALSE(account.is_doubtful());
  CHECK(account.reserve({.bytes = 1}, 1));
}

TEST_CASE("a recount that fails leaves the doubt") {
  QuotaAccount account;
  account.doubt_used();
  account.begin_recount();
  account.give_up_recount();
  CHECK(account.is_doubtful());
}

TEST_CASE("a change is reported once") {
  QuotaAccount account;
  CHECK_FALSE(account.take_changed());
  account.correct({.after = {1, 1}});
  CHECK(account.take_changed());
  CHECK_FALSE(account.take_changed());
}

}  // namespace
}  // namespace hotline::services::quota_account_test
