#include "services/made_directory.h"

#include <doctest/doctest.h>

#include "support/file_homes.h"

namespace hotline::services::made_directory_test {

TEST_CASE("what a store needs is made once, and opened then") {
  const test::TemporaryDirectory directory;
  const Directory parent = Directory::open(directory.path()).value();
  for (int i = 0; i < 2; ++i) {
    CHECK(open_or_make(parent, "d"));
    CHECK(open_or_create(parent, "f"));
  }
  CHECK(test::count_names(directory.path()) == 2);
  CHECK(open_or_make_durably(parent, "d"));
  CHECK_FALSE(open_or_make(parent, "f"));
  CHECK_FALSE(open_or_make_durably(parent, "f"));
  CHECK_FALSE(open_or_create(parent, "d"));
}

}  // namespace hotline::services::made_directory_test
