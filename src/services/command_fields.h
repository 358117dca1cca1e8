#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/byte_order.h"
#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "services/command_protocol.h"

// The fields of docs/wire/remote.md: a tag, a length, and as many bytes. No I/O.

namespace hotline::services {

/// The tags. One with the bit kCriticalTag must be known to its receiver; others are skipped.
enum class CommandField : std::uint8_t {
  label = 0x01,
  pid = 0x02,
  started = 0x03,
  ended = 0x04,
  duration = 0x05,
  user = 0x06,
  system = 0x07,
  memory = 0x08,
  held = 0x09,
  core = 0x0a,
  text = 0x0b,
  output_bytes = 0x0c,
  error_bytes = 0x0d,
  kept_until = 0x0e,
  attached = 0x0f,
  on_terminal = 0x10,

  word = 0x81,
  line = 0x82,
  directory = 0x83,
  environment = 0x84,
  timeout = 0x85,
  output_max = 0x86,
  on_excess = 0x87,
  terminal = 0x88,
  input = 0x89,
  keep = 0x8a,
  detached = 0x8b,
  key = 0x8c,
  job = 0x8d,
  output_offset = 0x8e,
  error_offset = 0x8f,
  input_offset = 0x90,
  signal = 0x91,
  repeated = 0x92,
  truncated = 0x93,
  exit = 0x94,
  login = 0x95,
  cut = 0x96,
};

inline constexpr std::uint8_t kCriticalTag = 0x80;

/// What a field has before its bytes: 1 tag, 4 length.
inline constexpr std::size_t kFieldHeaderBytes = 5;

/// Returns the name of a field as errors show it: `output_max`; `unknown` for an unknown tag.
std::string_view name_of(CommandField field);

/// Appends fields to a string.
class FieldWriter {
 public:
  using WallTime = std::chrono::system_clock::time_point;

  /// `out` must outlive the writer.
  explicit FieldWriter(std::string& out) : out_(out) {}

  /// Appends a field with these bytes, shorter than 4 GiB.
  void put(CommandField field, Bytes bytes);
  void put(CommandField field, std::string_view text) { put(field, as_bytes(text)); }

  template <std::unsigned_integral Number>
  void put_number(CommandField field, Number number) {
    std::array<std::byte, sizeof number> bytes;
    store_number<std::endian::big>(number, bytes.data());
    put(field, Bytes(bytes));
  }

  void put_flag(CommandField field) { put(field, Bytes{}); }

  /// Nanoseconds since 1970. Earlier times become 0.
  void put_time(CommandField field, WallTime time);

  /// Rounded up to the unit. Negative durations become 0.
  void put_milliseconds(CommandField field, Duration duration);
  void put_microseconds(CommandField field, Duration duration);

 private:
  std::string& out_;
};

/// Takes fields from the bytes of a peer, one after another:
///
///     while (reader.next()) {
///       switch (reader.field()) {
///         case CommandField::timeout: timeout = reader.milliseconds(); break;
///         ...
///         default: reader.skip();
///       }
///     }
///     if (reader.fault()) ...
///
/// After a fault next() returns false; a value that was taken at the fault means nothing.
class FieldReader {
 public:
  using WallTime = std::chrono::system_clock::time_point;

  /// A view of `fields`.
  explicit FieldReader(Bytes fields) : rest_(fields) {}

  /// Moves to the next field. Returns false at the end, and after a fault.
  bool next();

  CommandField field() const { return field_; }

  // Each of these takes the value of the current field. A fault, besides the one named: a wrong
  // size; the second field of a kind that may not be repeated.

  /// Fault: fewer than `min` or more than `max` bytes.
  std::string_view text(std::size_t min, std::size_t max);

  /// Same as text(), for a field that may be repeated.
  std::string_view repeated_text(std::size_t min, std::size_t max);

  template <std::unsigned_integral Number>
  Number number() {
    const Bytes bytes = once(sizeof(Number), sizeof(Number));
    return bytes.empty() ? 0 : load_number<std::endian::big, Number>(bytes.data());
  }

  template <std::size_t kSize>
  std::array<std::byte, kSize> array() {
    std::array<std::byte, kSize> value{};
    const Bytes bytes = once(kSize, kSize);
    if (!bytes.empty()) std::memcpy(value.data(), bytes.data(), kSize);
    return value;
  }

  /// Returns true. Fault: the field is not empty.
  bool flag();

  /// Fault: beyond what the clock's type holds.
  WallTime time();

  /// Fault: more than kCommandTimeMax.
  Duration milliseconds();
  Duration microseconds();

  /// Passes over a field that the structure does not have. Fault: it is critical.
  void skip();

  /// Notes that the current field has a value that is not allowed: `reason` is a clause.
  void refuse(std::string_view reason);

  /// Returns the first fault; nullopt if there was none.
  const std::optional<CommandFault>& fault() const { return fault_; }

 private:
  Bytes once(std::size_t min, std::size_t max);
  Bytes sized(std::size_t min, std::size_t max);
  void fail(ResetCode code, std::string text);

  Bytes rest_;
  Bytes value_{};
  CommandField field_{};
  std::bitset<256> seen_{};
  std::optional<CommandFault> fault_{};
};

}  // namespace hotline::services
