#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hotline {

/// How much a record matters.
enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// The level's name: `warning`.
std::string_view name_of(LogLevel level);

/// One thing that happened. The message is constant text; what varies stands in the fields, already
/// escaped where it comes from a peer. Empty fields are left out.
struct LogRecord {
  LogLevel level = LogLevel::info;
  std::string_view message;
  std::string service;
  std::string endpoint;
  std::string peer;
  std::string detail;
};

/// The record as text on one line, all of it printable, without level and time:
/// `call ended service=upper peer=tcp://127.0.0.1:4711 "closed"`.
std::string format(const LogRecord& record);

/// Where records go. Called from any thread, from loops too: write must not block and not throw.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogRecord& record) noexcept = 0;

  /// False if records of this level would only be thrown away: then nobody need build them.
  virtual bool wants(LogLevel level) const noexcept = 0;

  /// Descriptors that write needs. A process that is forked for a call closes all others.
  virtual std::span<const int> kept_descriptors() const noexcept { return {}; }
};

}  // namespace hotline
