#include "hotline/server/early_drop.h"

#include <charconv>

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

constexpr char kForm[] = "write START:PERCENT:FULL, such as 250:30:1000";

std::unexpected<Error> refuse(const std::string& value, std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "use the limit", "'" + value + "'",
                         std::move(detail), kForm));
}

/// Removes the next number and the colon after it from `text`. Returns false if there is none.
bool take_number(std::string_view& text, std::size_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return true;
  const bool has_more = text.front() == ':' && text.size() > 1;
  text.remove_prefix(1);
  return has_more;
}

}  // namespace

Result<EarlyDrop> EarlyDrop::parse(std::string_view text) {
  EarlyDrop limit;
  std::string_view rest = text;
  std::size_t taken = 0;
  for (std::size_t* number : {&limit.start, &limit.percent, &limit.full}) {
    if (!take_number(rest, *number)) break;
    ++taken;
    if (rest.empty()) break;
  }
  if (taken != 3 || !rest.empty()) {
    return refuse(escape(as_bytes(text)), "it is not three numbers");
  }
  if (auto checked = limit.check(); !checked) return fail(std::move(checked.error()));
  return limit;
}

std::string EarlyDrop::to_string() const {
  return std::to_string(start) + ':' + std::to_string(percent) + ':' + std::to_string(full);
}

Result<void> EarlyDrop::check() const {
  if (start == 0) return refuse(to_string(), "START is 0: no caller could be served");
  if (percent < 1 || percent > 100) return refuse(to_string(), "PERCENT is not from 1 to 100");
  if (full < start) return refuse(to_string(), "FULL is less than START");
  return {};
}

std::uint32_t EarlyDrop::chance_to_refuse(std::size_t count) const {
  if (count >= full) return kCertain;
  if (count < start) return 0;
  const double at_start = static_cast<double>(percent) / 100;
  const double way = static_cast<double>(count - start) / static_cast<double>(full - start);
  return static_cast<std::uint32_t>((at_start + (1 - at_start) * way) * kCertain + 0.5);
}

}  // namespace hotline
