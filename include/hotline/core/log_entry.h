#pragma once

#include <chrono>
#include <string>

#include "hotline/core/log.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// A log record that has a time and owns its text; it outlives the record that it was made from.
struct LogEntry {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::info;
  std::string message;
  std::string service;
  std::string endpoint;
  std::string peer;
  std::string detail;
  std::string identity{};

  static LogEntry of(const LogRecord& record, std::chrono::system_clock::time_point time);

  /// Returns the time in UTC: `2026-11-22T20:44:16.123456Z`.
  std::string time_as_text() const;

  /// Returns the entry as one printable line without level and time: `call ended service=upper
  /// peer=tcp://127.0.0.1:4711 "closed"`.
  std::string as_text() const;
};

/// Returns the line of text that a log shows for `entry`, without a newline:
/// `2026-11-22T20:44:16.123456Z warning call ended service=upper peer=tcp://127.0.0.1:4711`.
std::string format_as_text(const LogEntry& entry);

}  // namespace hotline
