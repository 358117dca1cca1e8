#include "hotline/net/option_taker.h"

#include <algorithm>
#include <charconv>

#include "hotline/core/bytes.h"
#include "hotline/core/choice.h"
#include "hotline/core/duration.h"
#include "hotline/core/nearest_name.h"
#include "net/socket_option_row.h"

namespace hotline {
namespace {

constexpr Literal kUse = "use the endpoint";

struct Unit {
  std::string_view suffix;
  std::size_t factor;
};
constexpr Unit kUnits[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

std::optional<std::size_t> parse_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto unit = std::ranges::find(kUnits, suffix, &Unit::suffix);
  if (unit == std::end(kUnits)) return std::nullopt;
  std::size_t product = 0;
  if (__builtin_mul_overflow(number, unit->factor, &product)) return std::nullopt;
  return product;
}

/// Messages are framed above this room, and the question is asked often.
std::string advice_for(std::string_view key, const std::vector<std::string>& known) {
  const std::string options = "the options are " + list_words(known);
  if (key != "framing") return did_you_mean(key, known) + options;
  return "what is used here reads bytes, not messages; framing= is for a message handler and for "
         "connect_frames(), and a stream handler uses a FrameStream; " +
         options;
}

}  // namespace

OptionTaker::OptionTaker(const Endpoint& endpoint, std::optional<Side> side)
    : endpoint_(endpoint), side_(side), is_taken_(endpoint.options().size()) {}

Result<void> OptionTaker::check_side(std::string_view key, Side only) const {
  if (!side_ || *side_ == only) return {};
  const auto& options = endpoint_.options();
  if (std::ranges::find(options, key, &EndpointOption::key) == options.end()) return {};
  return fail(net::wrong_side(endpoint_, kUse, key, only));
}

Result<std::optional<std::string>> OptionTaker::take(std::string_view key,
                                                     std::optional<Side> only) {
  if (only && side_.value_or(*only) != *only) {
    if (auto checked = check_side(key, *only); !checked) return fail(std::move(checked.error()));
    return std::nullopt;
  }
  known_.emplace_back(key);
  std::optional<std::string> value;
  for (std::size_t i = 0; i < is_taken_.size(); ++i) {
    if (endpoint_.options()[i].key != key) continue;
    if (value)
      return fail(refuse("the option '" + std::string(key) + "' is given twice", "give it once"));
    value = endpoint_.options()[i].value;
    is_taken_[i] = true;
  }
  return value;
}

Result<void> OptionTaker::take_text(std::string_view key, std::string& text,
                                    std::optional<Side> only) {
  auto taken = take(key, only);
  if (!taken) return fail(std::move(taken.error()));
  if (!*taken) return {};
  if ((*taken)->empty()) {
    return fail(refuse("the option '" + std::string(key) + "' is empty", "leave it out"));
  }
  text = std::move(**taken);
  return {};
}

Result<std::optional<std::size_t>> OptionTaker::take_number(std::string_view key, std::size_t min,
                                                            std::size_t max,
                                                            std::optional<Side> only) {
  auto text = take(key, only);
  if (!text) return fail(std::move(text.error()));
  if (!*text) return std::nullopt;
  const auto number = parse_number(**text);
  if (number && *number >= min && *number <= max) return number;
  return fail(refuse("the option '" + std::string(key) + "' is not a number from " +
                         std::to_string(min) + " to " + std::to_string(max),
                     "write " + std::string(key) + "=N with N from " + std::to_string(min) +
                         " to " + std::to_string(max) +
                         (max < kUnits[1].factor * kUnits[1].factor ? "" : ", such as 64KiB")));
}

Result<std::optional<Duration>> OptionTaker::take_duration(std::string_view key,
                                                           std::optional<Side> only) {
  auto text = take(key, only);
  if (!text) return fail(std::move(text.error()));
  if (!*text) return std::nullopt;
  const auto duration = parse_duration(**text);
  if (!duration) {
    return fail(refuse("the option '" + std::string(key) + "': " + duration.error().message(),
                       duration.error().hint()));
  }
  if (*duration > Duration::zero()) return duration;
  return fail(refuse("the option '" + std::string(key) + "' is 0", "none is without limit"));
}

Result<std::optional<bool>> OptionTaker::take_flag(std::string_view key, std::optional<Side> only) {
  auto text = take(key, only);
  if (!text) return fail(std::move(text.error()));
  if (!*text) return std::nullopt;
  if (**text == "on") return true;
  if (**text == "off") return false;
  const std::string name(key);
  return fail(refuse("the option '" + name + "' is neither on nor off",
                     "write " + name + "=on or " + name + "=off"));
}

Result<void> OptionTaker::finish() const {
  for (std::size_t i = 0; i < is_taken_.size(); ++i) {
    if (is_taken_[i]) continue;
    const std::string& key = endpoint_.options()[i].key;
    return fail(
        refuse("there is no option '" + escape(as_bytes(key)) + "'", advice_for(key, known_)));
  }
  return {};
}

Error OptionTaker::refuse(std::string detail, std::string advice) const {
  return make_error(ErrorKind::invalid_argument, kUse, endpoint_.to_string(), std::move(detail),
                    std::move(advice));
}

}  // namespace hotline
