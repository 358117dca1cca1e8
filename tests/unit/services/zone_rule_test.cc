#include "services/zone_rule.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

namespace hotline::services::zone_rule_test {
namespace {

using namespace std::chrono;

constexpr char kBerlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";

std::int64_t utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0,
                 int second = 0) {
  const sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return sys_seconds(date + hours(hour) + minutes(minute) + seconds(second))
      .time_since_epoch()
      .count();
}

ZoneRule rule(std::string_view text) {
  CAPTURE(text);
  const auto parsed = ZoneRule::parse(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

std::string name_at(const ZoneRule& rule, std::int64_t time) { return rule.at(time).abbreviation; }

/// Checks that the summer time begins and ends in just these seconds.
void check_summer(std::string_view text, std::int64_t begin, std::int64_t end) {
  CAPTURE(text);
  const ZoneRule parsed = rule(text);
  CHECK_FALSE(parsed.at(begin - 1).is_summer_time);
  CHECK(parsed.at(begin).is_summer_time);
  CHECK(parsed.at(end - 1).is_summer_time);
  CHECK_FALSE(parsed.at(end).is_summer_time);
}

}  // namespace

TEST_CASE("a rule without a summer time has one offset, which is positive west of Greenwich") {
  CHECK(rule("UTC0").at(0) == LocalTimeType{0, false, "UTC"});
  CHECK(rule("EST5").at(0) == LocalTimeType{-5 * 3600, false, "EST"});
  CHECK(rule("CST-8").at(0) == LocalTimeType{8 * 3600, false, "CST"});
  CHECK(rule("<+0330>-3:30").at(0) == LocalTimeType{3 * 3600 + 1800, false, "+0330"});
  CHECK(rule("<-03>+3").at(0) == LocalTimeType{-3 * 3600, false, "-03"});
  CHECK(rule("LMT-0:53:28").at(0) == LocalTimeType{53 * 60 + 28, false, "LMT"});
  CHECK(rule("ABC24").at(0).offset_s == -86'400);
  CHECK(rule("ABC-24:59:59").at(0).offset_s == 86'400 + 3'599);
}

TEST_CASE("a summer time begins and ends in the seconds that the rule names") {
  check_summer(kBerlin, utc(2026, 3, 29, 1), utc(2026, 10, 25, 1));
  check_summer(kBerlin, utc(2050, 3, 27, 1), utc(2050, 10, 30, 1));
  check_summer("EST5EDT,M3.2.0,M11.1.0", utc(2026, 3, 8, 7), utc(2026, 11, 1, 6));
  check_summer("EST5EDT,M3.2.0/2:30:15,M11.1.0/+1", utc(2026, 3, 8, 7, 30, 15),
               utc(2026, 11, 1, 5));
}

TEST_CASE("a summer time is an hour ahead, if the rule does not say otherwise") {
  CHECK(rule(kBerlin).at(utc(2026, 7, 1)) == LocalTimeType{7'200, true, "CEST"});
  CHECK(rule("LHST-10:30LHDT-11,M10.1.0,M4.1.0").at(utc(2026, 1, 1)).offset_s == 11 * 3600);
}

TEST_CASE("in the south the summer time spans the turn of the year") {
  const ZoneRule sydney = rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
  CHECK(name_at(sydney, utc(2026, 1, 1)) == "AEDT");
  CHECK(name_at(sydney, utc(2026, 7, 1)) == "AEST");
  CHECK(name_at(sydney, utc(2026, 12, 31, 23, 59, 59)) == "AEDT");
  check_summer("AEST-10AEDT,M10.1.0,M4.1.0/3", utc(2026, 10, 3, 16), utc(2027, 4, 3, 16));
}

TEST_CASE("a Julian day does not count the leap day, and a zero-based day does") {
  check_summer("AAA0BBB,J60/0,J300/0", utc(2027, 3, 1), utc(2027, 10, 26, 23));
  check_summer("AAA0BBB,J60/0,J300/0", utc(2028, 3, 1), utc(2028, 10, 26, 23));
  check_summer("AAA0BBB,J59/0,J300/0", utc(2028, 2, 28), utc(2028, 10, 26, 23));
  check_summer("AAA0BBB,59/0,300/0", utc(2027, 3, 1), utc(2027, 10, 27, 23));
  check_summer("AAA0BBB,59/0,300/0", utc(2028, 2, 29), utc(2028, 10, 26, 23));
}

TEST_CASE("changes may be up to a week from their day, in another year too") {
  // Godthab, as it was: Saturday at 22:00, which is Sunday at -2:00.
  check_summer("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2026, 3, 29, 1), utc(2026, 10, 25, 1));
  check_summer("AAA0BBB,M1.1.1/-167,M6.1.1/167", utc(2025, 12, 29, 1), utc(2026, 6, 7, 22));
}

TEST_CASE("a summer time may last all year") {
  // The example of RFC 8536, 3.3.1.
  const ZoneRule all_year = rule("ABC3EDT4,0/0,J365/23");
  for (std::int64_t time = utc(2026, 12, 31); time < utc(2027, 1, 2); time += 600) {
    CHECK(all_year.at(time) == LocalTimeType{-4 * 3600, true, "EDT"});
  }
  CHECK(all_year.at(utc(2026, 7, 1)).is_summer_time);
}

TEST_CASE("what is not a rule is refused") {
  for (const char* text : {
           "",
           "UTC",
           "0",
           "-1",
           "AB0",
           "A1B0",
           "CET-",
           "CET+-1",
           "CET-1 ",
           " CET-1",
           "CET-25",
           "CET1:60",
           "CET1:00:60",
           "CET1:",
           "CET1:0:",
           "<CET-1",
           "<>1",
           "<A>1",
           "<AB_>1",
           "CET>1",
           "CET-1CEST",
           "CET-1CEST,",
           "CET-1CEST,M3.5.0",
           "CET-1CEST,M3.5.0,",
           "CET-1CEST,M3.5.0,M10",
           "CET-1CEST,M0.5.0,M10.5.0",
           "CET-1CEST,M13.5.0,M10.5.0",
           "CET-1CEST,M3.0.0,M10.5.0",
           "CET-1CEST,M3.6.0,M10.5.0",
           "CET-1CEST,M3.5.7,M10.5.0",
           "CET-1CEST,M3.5,M10.5.0",
           "CET-1CEST,J0,J300",
           "CET-1CEST,J366,J300",
           "CET-1CEST,366,300",
           "CET-1CEST,-1,300",
           "CET-1CEST,M3.5.0/168,M10.5.0",
           "CET-1CEST,M3.5.0/-168,M10.5.0",
           "CET-1CEST,M3.5.0/,M10.5.0",
           "CET-1CEST,M3.5.0,M10.5.0/3x",
           "CET-1CEST,M3.5.0,M10.5.0,",
           "CET-1CEST-2x,M3.5.0,M10.5.0",
           "CET-1CE,M3.5.0,M10.5.0",
           "CET-1,M3.5.0,M10.5.0",
           "CET99999999999",
           "CET-1CEST;M3.5.0;M10.5.0",
       }) {
    CAPTURE(text);
    CHECK_FALSE(ZoneRule::parse(text).has_value());
  }
}

TEST_CASE("a rule holds in years far from now") {
  CHECK(name_at(rule(kBerlin), utc(1678, 7, 1)) == "CEST");
  CHECK(name_at(rule(kBerlin), utc(2261, 1, 1)) == "CET");
  CHECK(name_at(rule(kBerlin), utc(2261, 7, 1)) == "CEST");
}

}  // namespace hotline::services::zone_rule_test
