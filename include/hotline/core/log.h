#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The severity of a record.
enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Returns the name of the level: `warning`.
std::string_view name_of(LogLevel level);

/// One event for a log. The message is constant text; what varies is in the fields, where text from
/// a peer is already escaped. Empty fields are left out.
struct LogRecord {
  LogLevel level = LogLevel::info;
  std::string_view message;
  std::string service;
  std::string endpoint;
  std::string peer;
  std::string detail;
  std::string identity{};  ///< The peer's, if it is known: see Identity::to_string().
};

/// Returns the record as one printable line without level and time: `call ended service=upper
/// peer=tcp://127.0.0.1:4711 identity=key:alice "closed"`. An identity with blanks is in quotes.
std::string format(const LogRecord& record);

/// The destination of log records. Any thread may write, loops too: write() must not block and not
/// throw.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogRecord& record) noexcept = 0;

  /// Returns false if records of this level would be discarded; then the caller need not build
  /// them.
  virtual bool wants(LogLevel level) const noexcept = 0;

  /// Returns the descriptors that write() needs. A process that is forked for a call closes all
  /// others.
  virtual std::span<const int> kept_descriptors() const noexcept { return {}; }
};

}  // namespace hotline
