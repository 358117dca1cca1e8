#include "hotline/sim/seeds.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace hotline::sim {
namespace {

std::optional<std::uint64_t> number_in_environment(const char* name) {
  const char* given = std::getenv(name);
  if (given == nullptr) return std::nullopt;
  const std::string_view text = given;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<SeedFailure> find_failing_seed(
    SeedRange range, const std::function<std::string(std::uint64_t seed)>& check) {
  if (const auto count = number_in_environment("SEEDS")) range.count = *count;
  if (const auto seed = number_in_environment("SEED")) range = {*seed, 1};
  for (std::uint64_t i = 0; i < range.count; ++i) {
    const std::uint64_t seed = range.first + i;
    const std::string wrong = check(seed);
    if (wrong.empty()) continue;
    const bool ends_line = wrong.back() == '\n';
    return SeedFailure{seed,
                       wrong + (ends_line ? "" : "\n") + "replay: SEED=" + std::to_string(seed)};
  }
  return std::nullopt;
}

}  // namespace hotline::sim
