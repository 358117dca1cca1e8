#include "hotline/core/rows.h"

#include <doctest/doctest.h>

namespace hotline::rows_test {
namespace {

enum class Colour { red, green };

struct Row {
  Colour colour;
  Choice choice;
};

constexpr Row kRows[] = {{Colour::red, {.name = "red", .form = "red", .summary = "as blood"}},
                         {Colour::green, {.name = "green", .form = "green=N", .summary = "grass"}}};
constexpr Row kSwapped[] = {kRows[1], kRows[0]};
constexpr Row kTwice[] = {kRows[0], kRows[0]};

}  // namespace

TEST_CASE("rows are in order if the index of each is the number of its enumerator") {
  CHECK(is_in_order(kRows, &Row::colour));
  CHECK_FALSE(is_in_order(kSwapped, &Row::colour));
  CHECK_FALSE(is_in_order(kTwice, &Row::colour));
}

TEST_CASE("a row is found by its name") {
  CHECK(find_row(kRows, "green") == &kRows[1]);
  CHECK(find_row(kRows, "green=N") == nullptr);
  CHECK(find_row(kRows, "") == nullptr);
}

TEST_CASE("the choices of rows are those of each, in order") {
  const auto choices = choices_of(kRows);
  REQUIRE(choices.size() == 2);
  CHECK(choices[0] == kRows[0].choice);
  CHECK(choices[1].form == "green=N");
}

}  // namespace hotline::rows_test
