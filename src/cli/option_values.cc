#include "cli/option_values.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "cli/report.h"
#include "hotline/core/bytes.h"
#include "hotline/core/duration.h"

namespace hotline::cli {
namespace {

struct ByteUnit {
  std::string_view name;
  int shift;
};

constexpr ByteUnit kByteUnits[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 62;

}  // namespace

std::string quote(std::string_view word) { return "'" + escape(as_bytes(word)) + "'"; }

std::unexpected<Error> refuse_value(const std::string& option, const Error& error) {
  return fail(usage_error(option + ": " + error.message(), error.hint()));
}

std::vector<std::string> names_of(std::span<const Choice> choices) {
  std::vector<std::string> names;
  for (const Choice& each : choices) names.emplace_back(each.name);
  return names;
}

Result<void> read_duration(const Arguments& given, const std::string& option, Duration& duration) {
  if (!given.has(option)) return {};
  const auto parsed = parse_duration(given.options.at(option));
  if (!parsed) return refuse_value(option, parsed.error());
  duration = *parsed;
  return {};
}

Result<void> read_limit(const Arguments& given, const std::string& option, Duration& duration) {
  if (auto read = read_duration(given, option, duration); !read) return read;
  if (duration > Duration::zero()) return {};
  return refuse_value(option,
                      usage_error("0 would end every call at once", "none is without limit"));
}

Result<void> read_period(const Arguments& given, const std::string& option,
                         std::optional<Duration>& time) {
  if (!given.has(option)) return {};
  if (auto read = read_duration(given, option, time.emplace()); !read) return read;
  if (*time > Duration::zero()) return {};
  return refuse_value(option, usage_error("0 is not enough",
                                          "write for example " + option + " 5m, or leave it out"));
}

Result<void> read_count(const Arguments& given, const std::string& option,
                        std::optional<std::size_t>& count, std::size_t max) {
  if (!given.has(option)) return {};
  const std::string& text = given.options.at(option);
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), count.emplace());
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (is_whole && *count > max) {
    return refuse_value(option, usage_error(std::to_string(*count) + " is too large",
                                            "write a number from 1 to " + std::to_string(max)));
  }
  if (is_whole && *count > 0) return {};
  return refuse_value(option, usage_error(quote(text) + " is not a number from 1 up",
                                          "write it in decimal digits"));
}

Result<void> read_bytes(const Arguments& given, const std::string& option,
                        std::optional<std::uint64_t>& bytes) {
  if (!given.has(option)) return {};
  const std::string& text = given.options.at(option);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, text.data() + text.size());
  const auto* const found = std::ranges::find(kByteUnits, unit, &ByteUnit::name);
  const bool is_valid = error == std::errc() && found != std::end(kByteUnits) && number > 0 &&
                        number <= kBytesMax >> found->shift;
  if (!is_valid) {
    return refuse_value(option, usage_error(quote(text) + " is not a number of bytes",
                                            "write for example 1024, 64KiB or 1GiB"));
  }
  bytes = number << found->shift;
  return {};
}

OptionRow raw_row() {
  return {
      .name = "--raw",
      .help = "print control characters as they are; without it they are escaped at a terminal"};
}

Controls read_controls(const Arguments& given) {
  return given.has("--raw") ? Controls::raw : Controls::escaped;
}

OptionRow reply_json_row() {
  return {.name = "--json",
          .help =
              "print each reply as a JSON object, with its bytes in \"text\", or in \"base64\" if "
              "they are not UTF-8"};
}

}  // namespace hotline::cli
