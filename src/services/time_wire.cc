#include "services/time_wire.h"

#include <time.h>

#include <array>
#include <chrono>
#include <optional>

#include "hotline/core/ascii.h"
#include "hotline/core/bytes.h"
#include "hotline/core/utf8.h"
#include "services/locale_access.h"

namespace hotline::services {
namespace {

using std::chrono::seconds;

// What strftime(3) of glibc knows, without a modifier, after E, and after O.
constexpr std::string_view kConversions = "%aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ";
constexpr std::string_view kAfterE = "cCxXyY";
constexpr std::string_view kAfterO = "bBdehHImMSuUVwWy";
constexpr std::string_view kFlags = "_-0^#";

// Room for the longest reply, the character that shows that the text was not cut off, and a zero.
using TimeBuffer = std::array<char, kTimeReplyMax + 2>;

TimeReply error_reply(std::string text) {
  return {std::string(kTimeErrorPrefix) + std::move(text), true};
}

/// One conversion of a format, such as `%-5Ey`.
struct Conversion {
  std::string_view text;  ///< From its percent sign on.
  char padding = 0;       ///< The last of the flags that choose one: _ - 0.
  std::size_t width = 0;  ///< At most kTimeReplyMax + 1.
  char modifier = 0;
  char letter = 0;  ///< 0 if the format ends first.

  bool is_known() const {
    if (letter == 0) return false;
    if (modifier == 'E') return kAfterE.contains(letter);
    if (modifier == 'O') return kAfterO.contains(letter);
    return kConversions.contains(letter);
  }
};

/// Reads the conversion at the front of `format`.
Conversion read_conversion(std::string_view format) {
  Conversion conversion;
  std::size_t i = 1;
  const auto next = [&] { return i < format.size() ? format[i] : '\0'; };
  for (; next() != '\0' && kFlags.contains(next()); ++i) {
    if (next() != '^' && next() != '#') conversion.padding = next();
  }
  for (; is_ascii_digit(next()); ++i) {
    const auto digit = static_cast<std::size_t>(next() - '0');
    conversion.width = std::min(conversion.width * 10 + digit, kTimeReplyMax + 1);
  }
  if (next() == 'E' || next() == 'O') conversion.modifier = format[i++];
  conversion.letter = next();
  conversion.text = format.substr(0, std::min(i + 1, format.size()));
  return conversion;
}

/// `%s`, which strftime(3) would compute with the zone of the process.
std::string format_seconds(const Conversion& conversion, std::int64_t since_1970) {
  std::string digits = std::to_string(since_1970);
  if (conversion.padding == '-' || digits.size() >= conversion.width) return digits;
  const std::size_t missing = conversion.width - digits.size();
  if (conversion.padding == '_') return std::string(missing, ' ') + digits;
  const bool is_negative = digits.starts_with('-');
  return digits.insert(is_negative ? 1 : 0, missing, '0');
}

/// What is wrong with a format, or what strftime(3) is to format.
struct CheckedFormat {
  std::string format{};
  std::optional<TimeReply> error{};
};

CheckedFormat refuse_format(std::string text) { return {.error = error_reply(std::move(text))}; }

CheckedFormat too_long() {
  return refuse_format("the text would be longer than " + std::to_string(kTimeReplyMax) + " bytes");
}

/// Shown without percent signs, so that no server takes the error text for a format.
CheckedFormat unknown(const Conversion& conversion) {
  if (conversion.letter == 0) return refuse_format("the format ends within a conversion");
  constexpr std::size_t kShownMax = 16;
  std::string shown(conversion.text);
  std::erase(shown, '%');
  return refuse_format("unknown conversion '" + escape(as_bytes(shown), kShownMax) + "'");
}

CheckedFormat check_format(std::string_view request, std::int64_t since_1970) {
  CheckedFormat checked;
  while (!request.empty()) {
    const std::size_t percent = std::min(request.find('%'), request.size());
    checked.format += request.substr(0, percent);
    request.remove_prefix(percent);
    if (request.empty()) break;
    const Conversion conversion = read_conversion(request);
    if (!conversion.is_known()) return unknown(conversion);
    if (conversion.width > kTimeReplyMax) return too_long();
    if (conversion.letter == 's') {
      checked.format += format_seconds(conversion, since_1970);
    } else {
      checked.format += conversion.text;
    }
    request.remove_prefix(conversion.text.size());
  }
  return checked;
}

/// What gmtime_r(3) would return for `local_s`, with the zone's own facts.
std::tm broken_down(std::int64_t local_s, const ZoneTime& zone) {
  using namespace std::chrono;
  const sys_seconds time{seconds(local_s)};
  const auto date = floor<days>(time);
  const year_month_day day(date);
  const hh_mm_ss clock(time - date);
  std::tm tm{};
  tm.tm_year = static_cast<int>(day.year()) - 1900;
  tm.tm_mon = static_cast<int>(static_cast<unsigned>(day.month())) - 1;
  tm.tm_mday = static_cast<int>(static_cast<unsigned>(day.day()));
  tm.tm_hour = static_cast<int>(clock.hours().count());
  tm.tm_min = static_cast<int>(clock.minutes().count());
  tm.tm_sec = static_cast<int>(clock.seconds().count());
  tm.tm_wday = static_cast<int>(weekday(date).c_encoding());
  tm.tm_yday = static_cast<int>((date - sys_days(day.year() / 1 / 1)).count());
  tm.tm_isdst = zone.is_summer_time ? 1 : 0;
  tm.tm_gmtoff = zone.offset_s;
  tm.tm_zone = zone.abbreviation;
  return tm;
}

}  // namespace

bool may_be_time_reply(std::string_view request) {
  return !request.empty() && !request.contains('%');
}

TimeReply answer_time(std::string_view request, const TimeZone& zone, const TimeLocale& locale,
                      std::chrono::system_clock::time_point now) {
  if (request.size() > kTimeRequestMax) {
    return error_reply("the format is longer than " + std::to_string(kTimeRequestMax) + " bytes");
  }
  if (request.contains('\0')) return error_reply("the format has a zero byte");
  if (!is_utf8(as_bytes(request))) return error_reply("the format is not UTF-8");
  const std::int64_t since_1970 = std::chrono::floor<seconds>(now).time_since_epoch().count();
  CheckedFormat checked = check_format(request.empty() ? kTimeFormat : request, since_1970);
  if (checked.error) return *std::move(checked.error);
  // strftime(3) returns 0 for an empty text too. With one more character no text is empty.
  checked.format += '.';
  const ZoneTime shown = zone.at(now);
  const std::tm tm = broken_down(since_1970 + shown.offset_s, shown);
  TimeBuffer buffer;
  const std::size_t size = ::strftime_l(buffer.data(), buffer.size(), checked.format.c_str(), &tm,
                                        LocaleAccess::of(locale));
  if (size == 0) return *too_long().error;
  return {std::string(buffer.data(), size - 1)};
}

}  // namespace hotline::services
