#include "services/settled_change.h"

#include <doctest/doctest.h>

namespace hotline::services::settled_change_test {
namespace {

TEST_CASE(
    "a change that is not carried out is taken back, but for the directories that were made") {
  QuotaAccount account;
  account.set_used({10, 4});
  const FileChange change{.before = {3, 1}, .after = {5, 3}};
  REQUIRE(account.settle({&change, 1}));
  {
    SettledChange settled(account, change);
    settled.note_made();
  }
  CHECK(account.used() == FileUsage{10, 5});
}

TEST_CASE("a change that is carried out stays") {
  QuotaAccount account;
  const FileChange change{.after = {5, 1}};
  REQUIRE(account.settle({&change, 1}));
  SettledChange(account, change).note_done();
  CHECK(account.used() == FileUsage{5, 1});
}

}  // namespace
}  // namespace hotline::services::settled_change_test
