#include "hotline/core/enum_names.h"

#include <doctest/doctest.h>

namespace hotline::enum_names_test {
namespace {

enum class Colour { red, green, blue };
constexpr EnumNames<Colour, 2> kColours{{{Colour::red, "red"}, {Colour::green, "green"}}};
constexpr EnumNames<Colour, 1> kOne{{{Colour::red, "red"}}};
constexpr EnumNames<Colour, 3> kAll{
    {{Colour::red, "red"}, {Colour::green, "green"}, {Colour::blue, "blue"}}};

}  // namespace

TEST_CASE("a value has its name, and a name its value") {
  CHECK(kColours.name_of(Colour::green) == "green");
  CHECK(kColours.find("green") == Colour::green);
}

TEST_CASE("a value without a row is unknown, and so is a name that is not whole") {
  CHECK(kColours.name_of(Colour::blue) == "unknown");
  for (const std::string_view name : {"", "gree", "greens", "Green"})
    CHECK_FALSE(kColours.find(name));
}

TEST_CASE("names are listed in the order of the rows") {
  CHECK(kAll.names() == std::vector<std::string>{"red", "green", "blue"});
  CHECK(kAll.list() == "red, green and blue");
  CHECK(kColours.list() == "red and green");
  CHECK(kOne.list() == "red");
}

}  // namespace hotline::enum_names_test
