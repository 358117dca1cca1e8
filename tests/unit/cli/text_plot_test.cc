#include "cli/text_plot.h"

#include <doctest/doctest.h>

namespace hotline::cli::text_plot_test {
namespace {

using Lines = std::vector<std::string>;
using Values = std::vector<std::optional<double>>;

std::string whole(double value) { return std::to_string(static_cast<int>(value)); }

}  // namespace

TEST_CASE("the greatest value is in the first row and the least in the last") {
  CHECK(plot(Values{1, 2, 3}, {20, 3}, whole) == Lines{"3 |  *", "2 | * ", "1 |*  "});
}

TEST_CASE("labels are aligned at the right, and are on the first, the middle and the last row") {
  CHECK(plot(Values{-10, 10}, {20, 5}, whole) ==
        Lines{" 10 | *", "    |  ", "  0 |  ", "    |  ", "-10 |* "});
}

TEST_CASE("a missing value is an x in the last row, and does not change the scale") {
  CHECK(plot(Values{2, {}, 1}, {20, 2}, whole) == Lines{"2 |*  ", "1 | x*"});
}

TEST_CASE("without a value, or with equal ones, there is a scale too") {
  CHECK(plot(Values{{}, {}}, {20, 2}, whole) == Lines{"1 |  ", "0 |xx"});
  CHECK(plot(Values{5, 5}, {20, 3}, whole) == Lines{"6 |  ", "5 |**", "4 |  "});
  CHECK(plot(Values{}, {20, 2}, whole) == Lines{"1 |", "0 |"});
}

TEST_CASE("of more values than fit the last ones are shown, with a scale for them") {
  Values values(100, 1000);
  for (int i = 0; i < 10; ++i) values.push_back(i);
  const Lines lines = plot(values, {15, 2}, whole);
  REQUIRE(lines.size() == 2);
  for (const std::string& each : lines) CHECK(each.size() <= 15);
  CHECK(lines.front().contains("9"));
}

TEST_CASE("nothing is drawn if there is no room beside the labels") {
  CHECK(plot(Values{1, 2}, {10, 2}, whole).empty());
  CHECK_FALSE(plot(Values{1, 2}, {11, 2}, whole).empty());
  CHECK(plot(Values{1, 2}, {0, 2}, whole).empty());
}

}  // namespace hotline::cli::text_plot_test
