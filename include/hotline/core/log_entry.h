#pragma once

#include <chrono>
#include <string>

#include "hotline/core/log.h"

namespace hotline {

/// A log record with a time and text of its own, which outlives what it was made of.
struct LogEntry {
  std::chrono::system_clock::time_point time;
  LogLevel level = LogLevel::info;
  std::string message;
  std::string service;
  std::string endpoint;
  std::string peer;
  std::string detail;

  static LogEntry of(const LogRecord& record, std::chrono::system_clock::time_point time);

  /// `2026-11-22T20:44:16.123456Z`.
  std::string time_as_text() const;

  /// `call ended service=upper peer=tcp://127.0.0.1:4711 "closed"`, printable, on one line.
  std::string as_text() const;
};

/// `2026-11-22T20:44:16.123456Z warning call ended service=upper peer=tcp://127.0.0.1:4711`: how a
/// log shows an entry as text, without a newline.
std::string format_as_text(const LogEntry& entry);

}  // namespace hotline
