#include "hotline/core/nearest_name.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::nearest_name_test {
namespace {

using Names = std::vector<std::string>;

std::string nearest(std::string_view word, const Names& names) { return nearest_name(word, names); }

}  // namespace

TEST_CASE("a letter that is wrong, missing or extra is a slip") {
  for (const std::string_view word :
       {"upper", "uppes", "uper", "uppper", "pper", "uppe", "xupper"}) {
    CAPTURE(word);
    CHECK(nearest(word, {"clock", "upper"}) == "upper");
  }
}

TEST_CASE("a third of the letters may be slips, and not one more") {
  CHECK(nearest("abcdXX", {"abcdef"}) == "abcdef");
  CHECK(nearest("abcXXX", {"abcdef"}).empty());
  CHECK(nearest("abcdefXXX", {"abcdefghi"}) == "abcdefghi");
  CHECK(nearest("abcdeXXXX", {"abcdefghi"}).empty());
  CHECK(nearest("abXX", {"abcd"}).empty());
}

TEST_CASE("one slip is allowed to the shortest words, but a letter of the name must be right") {
  CHECK(nearest("ax", {"ab"}) == "ab");
  CHECK(nearest("a", {"ab"}) == "ab");
  CHECK(nearest("x", {"a"}).empty());
  CHECK(nearest("", {"a", "ab"}).empty());
  CHECK(nearest("x", {""}).empty());
}

TEST_CASE("the nearest of several is taken, and of equally near ones the first") {
  CHECK(nearest("serves", {"serverx", "serve"}) == "serve");
  CHECK(nearest("serve", {"serves", "serve"}) == "serve");
  CHECK(nearest("cart", {"card", "care"}) == "card");
  CHECK(nearest("upper", {}).empty());
}

TEST_CASE("letters of the other case are wrong") {
  CHECK(nearest("Upper", {"upper"}) == "upper");
  CHECK(nearest("UPPER", {"upper"}).empty());
}

TEST_CASE("a word of more than 64 bytes is near no name") {
  const std::string name(65, 'a');
  CHECK(nearest(name.substr(1), {name}) == name);
  CHECK(nearest(name, {name}).empty());
}

TEST_CASE("a proposal is a question, and empty without a nearest name") {
  CHECK(did_you_mean("uper", Names{"upper"}) == "did you mean 'upper'? ");
  CHECK(did_you_mean("clock", Names{"upper"}).empty());
}

}  // namespace hotline::nearest_name_test
