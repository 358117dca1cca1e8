#include "hotline/services/time_zone.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "hotline/core/ascii.h"
#include "hotline/engine/read_file.h"
#include "services/zone_file.h"

namespace hotline {
namespace {

constexpr std::string_view kUtc = "UTC";
constexpr char kDatabase[] = "/usr/share/zoneinfo/";
constexpr char kLocalZoneFile[] = "/etc/localtime";
constexpr char kZoneAdvice[] =
    "write a name of the time zone database, such as Europe/Berlin (`timedatectl list-timezones` "
    "lists them, and the package tzdata has it), or a rule such as CET-1CEST,M3.5.0,M10.5.0/3";

std::unexpected<Error> refuse_name(std::string_view name, std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "find the time zone",
                         "'" + escape(as_bytes(name)) + "'", std::move(detail), kZoneAdvice));
}

/// Returns true if the name can be that of a file below the directory of the database.
bool is_database_name(std::string_view name) {
  const auto belongs = [](char c) {
    return is_ascii_alphanumeric(c) || std::string_view("/_+-").contains(c);
  };
  return !name.empty() && !name.starts_with('/') && std::ranges::all_of(name, belongs);
}

}  // namespace

TimeZone::TimeZone() : name_(kUtc) {}

TimeZone::TimeZone(services::ZoneTable table, std::string name)
    : name_(std::move(name)),
      table_(std::make_shared<const services::ZoneTable>(std::move(table))) {}

Result<TimeZone> TimeZone::decode(Bytes file, std::string name) {
  auto table = services::decode_zone_file(file);
  if (!table) {
    return fail(make_error(ErrorKind::invalid_argument, "read the time zone",
                           "'" + escape(as_bytes(name)) + "'", table.error().detail,
                           table.error().advice));
  }
  return TimeZone(std::move(*table), std::move(name));
}

Result<TimeZone> TimeZone::read(const std::string& path, std::string name) {
  const auto file = read_file(path, services::kZoneFileBytesMax);
  if (!file) return fail(file.error());
  return decode(as_bytes(*file), std::move(name));
}

Result<TimeZone> TimeZone::find(std::string_view name) {
  const std::string_view wanted = name.starts_with(':') ? name.substr(1) : name;
  if (wanted == kUtc) return TimeZone();
  const bool is_path = wanted.starts_with('/');
  if (is_path || is_database_name(wanted)) {
    const std::string path(wanted);
    auto zone = read(is_path ? path : kDatabase + path, path);
    const bool is_missing = !zone && zone.error().kind == ErrorKind::not_found;
    if (zone || is_path || !is_missing) return zone;
  }
  auto rule = services::ZoneRule::parse(wanted);
  if (!rule) {
    return refuse_name(name, "it is neither in the time zone database nor a rule of POSIX");
  }
  services::ZoneTable table{.types = {rule->at(0)}};
  table.rule = std::move(rule);
  return TimeZone(std::move(table), std::string(wanted));
}

Result<TimeZone> TimeZone::local() {
  const char* given = std::getenv("TZ");
  if (given == nullptr) {
    auto zone = read(kLocalZoneFile, kLocalZoneFile);
    const bool is_missing = !zone && zone.error().kind == ErrorKind::not_found;
    return is_missing ? TimeZone() : std::move(zone);
  }
  // As in the C library.
  if (*given == '\0') return TimeZone();
  auto zone = find(given);
  if (!zone) zone.error().detail += "; the environment variable TZ has it";
  return zone;
}

ZoneTime TimeZone::at(std::chrono::system_clock::time_point time) const {
  if (table_ == nullptr) return {};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  const services::LocalTimeType& type = table_->at(seconds.count());
  return {type.offset_s, type.is_summer_time, type.abbreviation.c_str()};
}

}  // namespace hotline
