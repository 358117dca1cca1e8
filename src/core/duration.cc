#include "hotline/core/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

struct Unit {
  std::string_view name;
  std::chrono::microseconds length;
};
constexpr std::array<Unit, 5> kUnits = {{
    {"h", std::chrono::hours(1)},
    {"m", std::chrono::minutes(1)},
    {"s", std::chrono::seconds(1)},
    {"ms", std::chrono::milliseconds(1)},
    {"us", std::chrono::microseconds(1)},
}};

constexpr std::string_view kNone = "none";

// Ten years. A longer duration is a typing error, and must not overflow.
constexpr std::chrono::microseconds kLengthMax = std::chrono::hours(24 * 3652);

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(make_error(ErrorKind::invalid_argument, {}, {},
                         "'" + escape(as_bytes(text)) + "' is not a duration: " + std::string(why),
                         "write 500ms, 60s, 2m or 1h; none is without limit"));
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == kNone) return kNoTimeout;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::result_out_of_range) return refuse(text, "it is too long");
  if (error != std::errc() || text.starts_with('-')) return refuse(text, "it has no number");
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  if (name.empty()) return refuse(text, "it has no unit");
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (count > kLengthMax / unit.length) return refuse(text, "it is too long");
    return Duration(count * unit.length);
  }
  return refuse(text, "it has no such unit");
}

std::string format_duration(Duration duration) {
  if (duration == kNoTimeout) return std::string(kNone);
  std::chrono::microseconds length =
      std::chrono::duration_cast<std::chrono::milliseconds>(duration);
  if (length.count() == 0) {
    length = std::chrono::duration_cast<std::chrono::microseconds>(duration);
  }
  if (length.count() == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (length % unit.length != std::chrono::microseconds::zero()) continue;
    return std::to_string(length / unit.length) + std::string(unit.name);
  }
  return std::to_string(length.count()) + "us";
}

}  // namespace hotline
