#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hotline::services {

/// What the clocks of a zone show: RFC 8536 calls it a local time type.
struct LocalTimeType {
  std::int32_t offset_s = 0;  ///< The seconds that local time is ahead of UTC.
  bool is_summer_time = false;
  std::string abbreviation;  ///< `CEST`; never empty.

  bool operator==(const LocalTimeType&) const = default;
};

/// When the clocks are changed in each year: a day, and the seconds from its midnight.
struct ZoneChange {
  enum class Form : std::uint8_t { julian, zero_based, weekday };

  /// Returns the local time of the change, in seconds since 1970.
  std::int64_t in_year(int year) const;

  Form form = Form::julian;
  unsigned month = 0;
  unsigned week = 0;  ///< 5 is the last one.
  unsigned day = 0;   ///< The day of the year, or of the week.
  int time_s = 2 * 60 * 60;
};

/// The rule of a zone for all years, as in the environment variable TZ of POSIX and at the end of a
/// zone file: `CET-1CEST,M3.5.0,M10.5.0/3`. With the extension of RFC 8536 the times of changes are
/// from -167 to 167 hours. A value.
class ZoneRule {
 public:
  /// Returns nullopt if `text` is not a rule. A rule with a summer time must say when it begins and
  /// ends.
  static std::optional<ZoneRule> parse(std::string_view text);

  /// Returns the type at `time`, in seconds since 1970. The year must be from -9,000 to 9,000.
  const LocalTimeType& at(std::int64_t time) const;

 private:
  friend class ZoneRuleParser;

  LocalTimeType standard_;
  LocalTimeType summer_;
  std::optional<std::array<ZoneChange, 2>> changes_;  ///< The begin and the end of the summer time.
};

}  // namespace hotline::services
