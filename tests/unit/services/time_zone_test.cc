#include "hotline/services/time_zone.h"

#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "support/environment_variable.h"
#include "support/temporary_directory.h"

namespace hotline::time_zone_test {
namespace {

using namespace std::chrono;

constexpr system_clock::time_point kWinter = sys_days(2026y / January / 1);
constexpr system_clock::time_point kSummer = sys_days(2026y / July / 1);

std::string name_at(const TimeZone& zone, system_clock::time_point time) {
  return zone.at(time).abbreviation;
}

std::string refusal(std::string_view name) {
  const auto zone = TimeZone::find(name);
  return zone ? "no refusal" : zone.error().message() + "; " + zone.error().hint();
}

/// The shortest zone file: one time, an hour and a second ahead of UTC.
std::string zone_file() {
  std::string file = "TZif" + std::string(40, '\0');
  file[39] = 1;
  file[43] = 4;
  return file + std::string("\0\0\x0e\x11\0\0ABC\0", 10);
}

}  // namespace

TEST_CASE("a zone that is not chosen is UTC, which needs no database") {
  for (const TimeZone& zone : {TimeZone(), TimeZone::find("UTC").value()}) {
    CHECK(zone.name() == "UTC");
    CHECK(zone.at(kSummer).offset_s == 0);
    CHECK_FALSE(zone.at(kSummer).is_summer_time);
    CHECK(name_at(zone, kSummer) == "UTC");
  }
}

TEST_CASE("a name of the database has its summer time, also beyond the changes in its file") {
  const TimeZone berlin = TimeZone::find("Europe/Berlin").value();
  CHECK(berlin.name() == "Europe/Berlin");
  CHECK(name_at(berlin, kWinter) == "CET");
  CHECK(name_at(berlin, kSummer) == "CEST");
  CHECK(berlin.at(kSummer).offset_s == 7'200);
  CHECK(name_at(berlin, sys_days(2100y / July / 1)) == "CEST");
  CHECK(name_at(berlin, sys_days(1945y / July / 1)) == "CEMT");
  CHECK(name_at(TimeZone::find("Asia/Shanghai").value(), kSummer) == "CST");
  CHECK(TimeZone::find("Asia/Kathmandu")->at(kSummer).offset_s == 20'700);
}

TEST_CASE("a rule of POSIX is a zone, and a colon before a name is ignored") {
  const TimeZone zone = TimeZone::find("ABC-1ABD,M3.5.0,M10.5.0/3").value();
  CHECK(name_at(zone, kWinter) == "ABC");
  CHECK(name_at(zone, kSummer) == "ABD");
  CHECK(name_at(TimeZone::find("<+05>-5").value(), kSummer) == "+05");
  CHECK(name_at(TimeZone::find(":Europe/Berlin").value(), kSummer) == "CEST");
}

TEST_CASE("a time before 1970 and within a second is rounded down") {
  const TimeZone zone = TimeZone::find("Europe/Berlin").value();
  const system_clock::time_point change = sys_days(2026y / March / 29) + 1h;
  CHECK(name_at(zone, change - 1ns) == "CET");
  CHECK(name_at(zone, change) == "CEST");
  CHECK(name_at(zone, system_clock::time_point::min()) == "LMT");
  CHECK(name_at(zone, system_clock::time_point::max()) == "CEST");
}

TEST_CASE("an absolute path is read as a zone file") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("zone");
  std::ofstream(path) << zone_file();
  CHECK(TimeZone::find(path)->at(kSummer).offset_s == 3'601);
  CHECK(name_at(TimeZone::find(":" + path).value(), kSummer) == "ABC");
  std::ofstream(path) << "no zone";
  CHECK(refusal(path).contains("not a file of the time zone database"));
  CHECK(refusal(path).contains(path));
  CHECK_FALSE(TimeZone::find(directory.file("none")).has_value());
}

TEST_CASE("what is not a zone is refused, with names that are") {
  for (const char* name : {"", ":", "Mars/Olympus", "../../etc/passwd", "Europe/../../etc/passwd",
                           "Europe/Berlin\n", "europe", "CET-1CEST", "%s", "Berlin "}) {
    CAPTURE(name);
    CHECK(refusal(name).contains("Europe/Berlin"));
  }
  CHECK(refusal("Europe").contains("not a regular file"));
  CHECK(refusal("Mars/Olympus").contains("neither in the time zone database nor a rule"));
}

TEST_CASE("the zone of this machine is that of the variable TZ, if it is set") {
  const auto local_name = [](const char* value) {
    const test::EnvironmentVariable variable("TZ", value);
    const auto zone = TimeZone::local();
    return zone ? zone->name() : zone.error().message();
  };
  CHECK(local_name("Asia/Tokyo") == "Asia/Tokyo");
  CHECK(local_name(":Asia/Tokyo") == "Asia/Tokyo");
  CHECK(local_name("JST-9") == "JST-9");
  CHECK(local_name("") == "UTC");
  CHECK(local_name("Mars/Olympus").contains("the environment variable TZ has it"));
}

TEST_CASE("the zone of this machine without TZ is that of /etc/localtime, or UTC") {
  const test::EnvironmentVariable variable("TZ", std::nullopt);
  const std::string name = TimeZone::local().value().name();
  CHECK((name == "/etc/localtime" || name == "UTC"));
}

}  // namespace hotline::time_zone_test
