#include "hotline/core/ascii.h"

#include <doctest/doctest.h>

namespace hotline::ascii_test {
namespace {

TEST_CASE("trim removes blanks at both ends, and none in between") {
  CHECK(trim(" \ta b\t ", " \t") == "a b");
  CHECK(trim("a", " \t") == "a");
  CHECK(trim("\na\n", " \t") == "\na\n");
  CHECK(trim(" \t ", " \t").empty());
  CHECK(trim("", " \t").empty());
}

}  // namespace
}  // namespace hotline::ascii_test
