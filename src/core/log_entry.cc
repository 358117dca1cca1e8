#include "hotline/core/log_entry.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

constexpr std::size_t kTextMax = 4096;

/// What is printable stays as it is: text from peers comes escaped, and once is enough.
std::string printable(std::string_view text) {
  const bool is_printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  return is_printable ? std::string(text) : escape(as_bytes(text), kTextMax);
}

}  // namespace

LogEntry LogEntry::of(const LogRecord& record, std::chrono::system_clock::time_point time) {
  return {time,        record.level, std::string(record.message), record.service, record.endpoint,
          record.peer, record.detail};
}

// gmtime_r takes a lock, which a forked process may find taken, and never given back.
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
  std::string text = message;
  if (!service.empty()) text += " service=" + printable(service);
  if (!endpoint.empty()) text += " endpoint=" + printable(endpoint);
  if (!peer.empty()) text += " peer=" + printable(peer);
  if (!detail.empty()) text += " \"" + printable(detail) + '"';
  return text;
}

std::string format_as_text(const LogEntry& entry) {
  return entry.time_as_text() + ' ' + std::string(name_of(entry.level)) + ' ' + entry.as_text();
}

}  // namespace hotline
