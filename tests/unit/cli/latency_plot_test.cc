#include "cli/latency_plot.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::latency_plot_test {
namespace {

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct Point {
  double x;
  double y;
};

std::vector<Point> curve_of(const std::string& svg) {
  constexpr std::string_view kBegin = "points='";
  std::size_t at = svg.find(kBegin);
  REQUIRE(at != svg.npos);
  at += kBegin.size();
  const std::string points = svg.substr(at, svg.find('\'', at) - at);
  std::vector<Point> curve;
  for (const char* next = points.c_str(); *next != '\0';) {
    char* end = nullptr;
    const double x = std::strtod(next, &end);
    curve.push_back({x, std::strtod(end + 1, &end)});
    next = end + 1;
  }
  return curve;
}

Histogram usual() {
  Histogram latencies;
  for (std::int64_t i = 1; i <= 100'000; ++i) latencies.record(40'000 + i * i / 1'000);
  return latencies;
}

}  // namespace

TEST_CASE("the axis has as many nines as the replies can show") {
  const std::string svg = latency_svg(usual(), {});
  for (const char* label : {">0 %<", ">90 %<", ">99 %<", ">99.9 %<", ">99.99 %<", ">99.999 %<"}) {
    CAPTURE(label);
    CHECK(count_of(svg, label) == 1);
  }
  CHECK(count_of(svg, "99.9999 %") == 0);
  for (const char* mark : {">p50 ", ">p90 ", ">p99 ", ">p99.9 "}) CHECK(count_of(svg, mark) == 1);
}

TEST_CASE("the curve runs within the picture from left to right and never falls") {
  const std::vector<Point> curve = curve_of(latency_svg(usual(), {}));
  REQUIRE(curve.size() > 100);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    CHECK(curve[i].x >= 90);
    CHECK(curve[i].x <= 850);
    CHECK(curve[i].y >= 80);
    CHECK(curve[i].y <= 460);
    if (i == 0) continue;
    CHECK(curve[i].x >= curve[i - 1].x);
    CHECK(curve[i].y <= curve[i - 1].y);
  }
}

TEST_CASE("few and equal latencies, none, and the largest ones have a picture") {
  for (const std::int64_t latency :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'000}, Histogram::kMax}) {
    CAPTURE(latency);
    Histogram one;
    one.record(latency);
    const std::string svg = latency_svg(one, {});
    CHECK(count_of(svg, "nan") == 0);
    CHECK(count_of(svg, "inf") == 0);
    for (const Point& each : curve_of(svg)) {
      CHECK(each.y >= 80);
      CHECK(each.y <= 460);
    }
  }
  CHECK(count_of(latency_svg({}, {}), "nan") == 0);
}

TEST_CASE("texts are escaped, and nothing is referred to") {
  const std::string svg = latency_svg(usual(), {.title = "a<b>&\"c\"\x1b", .subtitle = "</text>"});
  CHECK(count_of(svg, "a&lt;b&gt;&amp;&quot;c&quot;?") == 2);
  CHECK(count_of(svg, "&lt;/text&gt;") == 1);
  CHECK(count_of(svg, "href") == 0);
  CHECK(count_of(svg, "http") == 1);
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count_of(svg, "<text") == count_of(svg, "</text>"));
}

}  // namespace hotline::cli::latency_plot_test
