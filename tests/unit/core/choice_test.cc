#include "hotline/core/choice.h"

#include <span>

#include <doctest/doctest.h>

namespace hotline::choice_test {
namespace {

constexpr Choice kChoices[] = {
    {.name = "lines", .form = "lines", .summary = "text"},
    {.name = "fixed", .form = "fixed=N", .summary = "one length"},
    {.name = "mp", .form = "mp", .summary = "as Python does"},
};

std::span<const Choice> first(std::size_t count) { return std::span(kChoices).first(count); }

}  // namespace

TEST_CASE("a list has commas between its names and one word before the last") {
  CHECK(list_names(first(0)).empty());
  CHECK(list_names(first(1)) == "lines");
  CHECK(list_names(first(2)) == "lines and fixed");
  CHECK(list_names(kChoices) == "lines, fixed and mp");
  CHECK(list_names(kChoices, "or") == "lines, fixed or mp");
}

TEST_CASE("a list of forms shows what must follow each name") {
  CHECK(list_forms(kChoices, "or") == "lines, fixed=N or mp");
}

TEST_CASE("an unknown word is refused with the nearest name and every form") {
  const Error error = unknown_choice("framing", "lnes\n", kChoices);
  CHECK(error.kind == ErrorKind::invalid_argument);
  CHECK(error.message() == "there is no framing 'lnes\\n'");
  CHECK(unknown_choice("framing", "line", kChoices).hint() ==
        "did you mean 'lines'? the framings are lines, fixed=N and mp");
  CHECK(unknown_choice("framing", "other", kChoices).hint() ==
        "the framings are lines, fixed=N and mp");
}

TEST_CASE("two choices are equal if all their parts are") {
  CHECK(kChoices[0] == kChoices[0]);
  CHECK_FALSE(kChoices[0] == Choice{.name = "lines", .form = "lines", .summary = "other"});
}

}  // namespace hotline::choice_test
