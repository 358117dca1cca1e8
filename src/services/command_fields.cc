#include "services/command_fields.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "hotline/core/hex.h"

namespace hotline::services {
namespace {

struct FieldRow {
  CommandField field;
  std::string_view name;
};

constexpr FieldRow kFieldRows[] = {
    {CommandField::label, "label"},
    {CommandField::pid, "pid"},
    {CommandField::started, "started"},
    {CommandField::ended, "ended"},
    {CommandField::duration, "duration"},
    {CommandField::user, "user"},
    {CommandField::system, "system"},
    {CommandField::memory, "memory"},
    {CommandField::held, "held"},
    {CommandField::core, "core"},
    {CommandField::text, "text"},
    {CommandField::output_bytes, "output_bytes"},
    {CommandField::error_bytes, "error_bytes"},
    {CommandField::kept_until, "kept_until"},
    {CommandField::attached, "attached"},
    {CommandField::on_terminal, "on_terminal"},
    {CommandField::word, "word"},
    {CommandField::line, "line"},
    {CommandField::directory, "directory"},
    {CommandField::environment, "environment"},
    {CommandField::timeout, "timeout"},
    {CommandField::output_max, "output_max"},
    {CommandField::on_excess, "on_excess"},
    {CommandField::terminal, "terminal"},
    {CommandField::input, "input"},
    {CommandField::keep, "keep"},
    {CommandField::detached, "detached"},
    {CommandField::key, "key"},
    {CommandField::job, "job"},
    {CommandField::output_offset, "output_offset"},
    {CommandField::error_offset, "error_offset"},
    {CommandField::input_offset, "input_offset"},
    {CommandField::signal, "signal"},
    {CommandField::repeated, "repeated"},
    {CommandField::truncated, "truncated"},
    {CommandField::exit, "exit"},
    {CommandField::login, "login"},
    {CommandField::cut, "cut"},
};

/// Returns `output_max`, or `b3` if the field is unknown.
std::string shown(CommandField field) {
  const std::string_view name = name_of(field);
  if (name != "unknown") return std::string(name);
  const auto tag = static_cast<std::byte>(field);
  return to_hex(Bytes(&tag, 1));
}

template <typename Unit>
std::uint64_t count_rounded_up(Duration duration) {
  const Duration positive = std::max(duration, Duration::zero());
  return static_cast<std::uint64_t>(std::chrono::ceil<Unit>(positive).count());
}

}  // namespace

std::string_view name_of(CommandField field) {
  for (const FieldRow& each : kFieldRows) {
    if (each.field == field) return each.name;
  }
  return "unknown";
}

void FieldWriter::put(CommandField field, Bytes bytes) {
  std::array<std::byte, kFieldHeaderBytes> header;
  header[0] = static_cast<std::byte>(field);
  store_number<std::endian::big>(static_cast<std::uint32_t>(bytes.size()), header.data() + 1);
  out_ += as_text(Bytes(header));
  out_ += as_text(bytes);
}

void FieldWriter::put_time(CommandField field, WallTime time) {
  const auto since = std::chrono::duration_cast<Duration>(time.time_since_epoch());
  put_number(field, static_cast<std::uint64_t>(std::max(since, Duration::zero()).count()));
}

void FieldWriter::put_milliseconds(CommandField field, Duration duration) {
  put_number(field, count_rounded_up<std::chrono::milliseconds>(duration));
}

void FieldWriter::put_microseconds(CommandField field, Duration duration) {
  put_number(field, count_rounded_up<std::chrono::microseconds>(duration));
}

bool FieldReader::next() {
  if (fault_ || rest_.empty()) return false;
  if (rest_.size() < kFieldHeaderBytes) {
    fail(reset_code(CommandRefusal::malformed), "a field is cut off");
    return false;
  }
  field_ = static_cast<CommandField>(rest_[0]);
  const auto size = load_number<std::endian::big, std::uint32_t>(rest_.data() + 1);
  rest_ = rest_.subspan(kFieldHeaderBytes);
  if (size > rest_.size()) {
    refuse("is cut off");
    return false;
  }
  value_ = rest_.first(size);
  rest_ = rest_.subspan(size);
  return true;
}

std::string_view FieldReader::text(std::size_t min, std::size_t max) {
  return as_text(once(min, max));
}

std::string_view FieldReader::repeated_text(std::size_t min, std::size_t max) {
  return as_text(sized(min, max));
}

bool FieldReader::flag() {
  once(0, 0);
  return true;
}

FieldReader::WallTime FieldReader::time() {
  const auto since = number<std::uint64_t>();
  if (since > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    refuse("is too late");
    return {};
  }
  return WallTime(std::chrono::nanoseconds(since));
}

Duration FieldReader::milliseconds() {
  constexpr auto kMax = std::chrono::duration_cast<std::chrono::milliseconds>(kCommandTimeMax);
  const auto count = number<std::uint64_t>();
  if (count <= static_cast<std::uint64_t>(kMax.count())) return std::chrono::milliseconds(count);
  refuse("is too long");
  return {};
}

Duration FieldReader::microseconds() {
  constexpr auto kMax = std::chrono::duration_cast<std::chrono::microseconds>(kCommandTimeMax);
  const auto count = number<std::uint64_t>();
  if (count <= static_cast<std::uint64_t>(kMax.count())) return std::chrono::microseconds(count);
  refuse("is too long");
  return {};
}

void FieldReader::skip() {
  if ((static_cast<std::uint8_t>(field_) & kCriticalTag) == 0) return;
  fail(ResetCode::unsupported, "the field " + shown(field_) + " is not supported here");
}

void FieldReader::refuse(std::string_view reason) {
  fail(reset_code(CommandRefusal::malformed),
       "the field " + shown(field_) + " " + std::string(reason));
}

Bytes FieldReader::once(std::size_t min, std::size_t max) {
  const auto tag = static_cast<std::size_t>(field_);
  if (seen_.test(tag)) {
    refuse("appears twice");
    return {};
  }
  seen_.set(tag);
  return sized(min, max);
}

Bytes FieldReader::sized(std::size_t min, std::size_t max) {
  if (value_.size() >= min && value_.size() <= max) return value_;
  refuse("has a wrong size");
  return {};
}

void FieldReader::fail(ResetCode code, std::string text) {
  if (!fault_) fault_ = CommandFault{code, std::move(text)};
}

}  // namespace hotline::services
