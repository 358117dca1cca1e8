#include "hotline/core/log_entry.h"

#include <cstdio>
#include <string_view>

namespace hotline {

LogEntry LogEntry::of(const LogRecord& record, std::chrono::system_clock::time_point time) {
  return {time,           record.level,    std::string(record.message),
          record.service, record.endpoint, record.peer,
          record.detail,  record.identity};
}

// gmtime_r takes a lock. In a forked process another thread may have held it, and it would never be
// released.
std::string LogEntry::time_as_text() const {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::microseconds>(time - day));
  char text[64];
  std::snprintf(
      text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

std::string LogEntry::as_text() const {
  return format({level, message, service, endpoint, peer, detail, identity});
}

std::string format_as_text(const LogEntry& entry) {
  return entry.time_as_text() + ' ' + std::string(name_of(entry.level)) + ' ' + entry.as_text();
}

}  // namespace hotline
