#include "hotline/auth/key_record.h"

#include <doctest/doctest.h>

namespace hotline::key_record_test {

TEST_CASE("the lists of keys are found by their names, and by nothing else") {
  for (const KeyList each : {KeyList::callers, KeyList::credentials}) {
    CHECK(find_key_list(name_of(each)) == each);
  }
  CHECK(name_of(KeyList::callers) == "callers");
  CHECK(name_of(KeyList::credentials) == "credentials");
  for (const char* each : {"", "caller", "Callers", "callers "}) CHECK_FALSE(find_key_list(each));
}

}  // namespace hotline::key_record_test
