#include "hotline/net/option_taker.h"

#include <algorithm>
#include <charconv>

#include "hotline/core/bytes.h"
#include "hotline/core/duration.h"

namespace hotline {
namespace {

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

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

}  // namespace

OptionTaker::OptionTaker(const Endpoint& endpoint)
    : endpoint_(endpoint), is_taken_(endpoint.options().size()) {}

Result<std::optional<std::string>> OptionTaker::take(std::string_view key) {
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

Result<std::optional<std::size_t>> OptionTaker::take_number(std::string_view key, std::size_t min,
                                                            std::size_t max) {
  auto text = take(key);
  if (!text) return fail(std::move(text.error()));
  if (!*text) return std::nullopt;
  const auto number = parse_number(**text);
  if (number && *number >= min && *number <= max) return number;
  return fail(refuse("the option '" + std::string(key) + "' is not a number from " +
                         std::to_string(min) + " to " + std::to_string(max),
                     "write it as 1024 or 1KiB"));
}

Result<std::optional<Duration>> OptionTaker::take_duration(std::string_view key) {
  auto text = take(key);
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

Result<std::optional<bool>> OptionTaker::take_flag(std::string_view key) {
  auto text = take(key);
  if (!text) return fail(std::move(text.error()));
  if (!*text) return std::nullopt;
  if (**text == "on") return true;
  if (**text == "off") return false;
  const std::string name(key);
  return fail(refuse("the option '" + name + "' is neither on nor off", "write " + name + "=on"));
}

Result<void> OptionTaker::finish() const {
  for (std::size_t i = 0; i < is_taken_.size(); ++i) {
    if (is_taken_[i]) continue;
    return fail(refuse("there is no option '" + escape(as_bytes(endpoint_.options()[i].key)) + "'",
                       "the options are " + join(known_)));
  }
  return {};
}

Error OptionTaker::refuse(std::string detail, std::string advice) const {
  return make_error(ErrorKind::invalid_argument, "use the endpoint", endpoint_.to_string(),
                    std::move(detail), std::move(advice));
}

}  // namespace hotline
