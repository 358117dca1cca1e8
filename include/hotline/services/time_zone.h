#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

// Outside of what is exported.
namespace hotline::services {
struct ZoneTable;
}  // namespace hotline::services

namespace hotline HOTLINE_PUBLIC {

/// The clocks of one zone at one time.
struct ZoneTime {
  std::int32_t offset_s = 0;  ///< The seconds that local time is ahead of UTC.
  bool is_summer_time = false;
  const char* abbreviation = "UTC";  ///< `CEST`; valid as long as the zone or a copy of it.
};

/// The rules of a time zone. Does not use the environment, or other state of the C library. An
/// immutable value; copies share the rules. Any thread.
class TimeZone {
 public:
  /// UTC.
  TimeZone();

  /// Returns the zone that `name` stands for, as TZ does in the C library: a name in the system's
  /// database such as `Europe/Berlin`, the absolute path of a zone file, or a rule of POSIX such as
  /// `CET-1CEST,M3.5.0,M10.5.0/3`. A colon before it is ignored. Fails with `invalid_argument`.
  /// Reads a file, and blocks while it does.
  static Result<TimeZone> find(std::string_view name);

  /// Returns the zone of this machine: what the environment variable TZ stands for, and without it
  /// the zone of /etc/localtime; UTC if there is no such file. Fails and blocks as find() does.
  static Result<TimeZone> local();

  /// Returns the zone of the bytes of a zone file (RFC 8536). Fails with `invalid_argument`.
  static Result<TimeZone> decode(Bytes file, std::string name);

  /// Returns what the clocks of the zone show at `time`.
  ZoneTime at(std::chrono::system_clock::time_point time) const;

  /// Returns the name with which it was found.
  const std::string& name() const { return name_; }

 private:
  TimeZone(services::ZoneTable table, std::string name);
  static Result<TimeZone> read(const std::string& path, std::string name);

  std::string name_;
  std::shared_ptr<const services::ZoneTable> table_;  ///< Null for UTC.
};

}  // namespace hotline
