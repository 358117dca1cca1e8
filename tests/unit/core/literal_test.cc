#include "hotline/core/literal.h"

#include <string>
#include <type_traits>

#include <doctest/doctest.h>

namespace hotline::literal_test {
namespace {

constexpr std::string_view kName = "a constant";

std::string_view text_of(Literal literal) { return literal; }

}  // namespace

TEST_CASE("literals and constants convert to Literal, and a string does not") {
  CHECK(text_of("a literal") == "a literal");
  CHECK(text_of(kName) == "a constant");
  static_assert(!std::is_convertible_v<std::string, Literal>);
  static_assert(!std::is_convertible_v<std::string&, Literal>);
}

}  // namespace hotline::literal_test
