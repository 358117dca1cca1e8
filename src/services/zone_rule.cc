#include "services/zone_rule.h"

#include <charconv>
#include <chrono>
#include <limits>

#include "hotline/core/ascii.h"

namespace hotline::services {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr int kMinuteSeconds = 60;
constexpr int kHourSeconds = 60 * kMinuteSeconds;
constexpr std::int64_t kDaySeconds = 24 * kHourSeconds;
constexpr int kOffsetHoursMax = 24;
constexpr int kChangeHoursMax = 167;
constexpr std::size_t kNameSizeMin = 3;

/// Day 60 is the first of March in every year.
sys_days julian_day(std::chrono::year year, unsigned day) {
  constexpr unsigned kLastOfFebruary = 59;
  const unsigned leap = year.is_leap() && day > kLastOfFebruary ? 1 : 0;
  return sys_days(year / 1 / 1) + days(day - 1 + leap);
}

sys_days weekday_of_month(std::chrono::year_month month, unsigned week, unsigned day) {
  constexpr unsigned kLastWeek = 5;
  const std::chrono::weekday weekday(day);
  if (week == kLastWeek) return sys_days(month / weekday[std::chrono::last]);
  return sys_days(month / weekday[week]);
}

}  // namespace

/// Takes a rule apart from the front.
class ZoneRuleParser {
 public:
  explicit ZoneRuleParser(std::string_view text) : rest_(text) {}

  std::optional<ZoneRule> take_rule() {
    ZoneRule rule;
    if (!take_type(rule.standard_, {})) return std::nullopt;
    if (rest_.empty()) return rule;
    rule.summer_.is_summer_time = true;
    if (!take_type(rule.summer_, rule.standard_.offset_s + kHourSeconds)) return std::nullopt;
    auto& changes = rule.changes_.emplace();
    if (!take_change(changes[0]) || !take_change(changes[1])) return std::nullopt;
    return rest_.empty() ? std::optional(rule) : std::nullopt;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  template <typename Number>
  bool take_number(Number& number, Number min, Number max) {
    // from_chars would take a sign.
    if (rest_.empty() || !is_ascii_digit(rest_.front())) return false;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return error == std::errc() && number >= min && number <= max;
  }

  /// Takes `[+-]hh[:mm[:ss]]`.
  bool take_time(int& seconds, int hours_max) {
    const bool is_negative = take('-');
    if (!is_negative) take('+');
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!take_number(hours, 0, hours_max)) return false;
    if (take(':')) {
      if (!take_number(minutes, 0, 59)) return false;
      if (take(':') && !take_number(rest, 0, 59)) return false;
    }
    seconds = hours * kHourSeconds + minutes * kMinuteSeconds + rest;
    if (is_negative) seconds = -seconds;
    return true;
  }

  /// Takes letters, or letters, digits and signs in angle brackets.
  bool take_name(std::string& name) {
    const bool is_quoted = take('<');
    std::size_t size = 0;
    const auto belongs = [&](char c) {
      return is_ascii_letter(c) || (is_quoted && (is_ascii_digit(c) || c == '+' || c == '-'));
    };
    while (size < rest_.size() && belongs(rest_[size])) ++size;
    name = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return size >= kNameSizeMin && (!is_quoted || take('>'));
  }

  /// An offset of POSIX is positive west of Greenwich. Without an offset, takes that of
  /// `otherwise`.
  bool take_type(LocalTimeType& type, std::optional<int> otherwise) {
    if (!take_name(type.abbreviation)) return false;
    if (otherwise && rest_.starts_with(',')) {
      type.offset_s = *otherwise;
      return true;
    }
    int west = 0;
    if (!take_time(west, kOffsetHoursMax)) return false;
    type.offset_s = -west;
    return true;
  }

  bool take_day(ZoneChange& change) {
    if (take('M')) {
      change.form = ZoneChange::Form::weekday;
      return take_number(change.month, 1U, 12U) && take('.') && take_number(change.week, 1U, 5U) &&
             take('.') && take_number(change.day, 0U, 6U);
    }
    if (take('J')) return take_number(change.day, 1U, 365U);
    change.form = ZoneChange::Form::zero_based;
    return take_number(change.day, 0U, 365U);
  }

  bool take_change(ZoneChange& change) {
    return take(',') && take_day(change) &&
           (!take('/') || take_time(change.time_s, kChangeHoursMax));
  }

  std::string_view rest_;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  return ZoneRuleParser(text).take_rule();
}

std::int64_t ZoneChange::in_year(int year) const {
  const std::chrono::year typed(year);
  sys_days date = sys_days(typed / 1 / 1);
  switch (form) {
    case Form::julian: date = julian_day(typed, day); break;
    case Form::zero_based: date += days(day); break;
    case Form::weekday:
      date = weekday_of_month(typed / std::chrono::month(month), week, day);
      break;
  }
  return date.time_since_epoch().count() * kDaySeconds + time_s;
}

const LocalTimeType& ZoneRule::at(std::int64_t time) const {
  if (!changes_) return standard_;
  const auto date = std::chrono::floor<days>(std::chrono::sys_seconds(std::chrono::seconds(time)));
  const int this_year = static_cast<int>(std::chrono::year_month_day(date).year());
  // A change can be some days outside of its year, so the neighbours count too.
  std::int64_t latest = std::numeric_limits<std::int64_t>::min();
  bool is_summer = false;
  for (int year = this_year - 1; year <= this_year + 1; ++year) {
    const std::int64_t begin = (*changes_)[0].in_year(year) - standard_.offset_s;
    const std::int64_t end = (*changes_)[1].in_year(year) - summer_.offset_s;
    const auto note = [&](std::int64_t change, bool is_begin) {
      // Where a summer time begins as it ends, it goes on.
      if (change > time || change < latest || (change == latest && !is_begin)) return;
      latest = change;
      is_summer = is_begin;
    };
    note(begin, true);
    note(end, false);
  }
  return is_summer ? summer_ : standard_;
}

}  // namespace hotline::services
