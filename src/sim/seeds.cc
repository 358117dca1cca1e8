#include "hotline/sim/seeds.h"

#include <charconv>
#include <cstdlib>
#include <exception>
#include <string_view>

namespace hotline::sim {
namespace {

/// Returns false if the variable is not a number; `number` stays unchanged if the variable is not
/// set.
bool take_from_environment(const char* name, std::optional<std::uint64_t>& number) {
  const char* given = std::getenv(name);
  if (given == nullptr || *given == '\0') return true;
  const std::string_view text = given;
  number.emplace();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

/// Returns what is wrong with one seed. An exception counts.
std::string try_seed(const std::function<std::string(std::uint64_t)>& check, std::uint64_t seed) {
  try {
    return check(seed);
  } catch (const std::exception& thrown) {
    return std::string("it threw: ") + thrown.what();
  }
}

}  // namespace

std::optional<SeedFailure> find_failing_seed(
    SeedRange range, const std::function<std::string(std::uint64_t seed)>& check) {
  std::optional<std::uint64_t> count;
  std::optional<std::uint64_t> only;
  if (!take_from_environment("SEEDS", count) || !take_from_environment("SEED", only)) {
    return SeedFailure{0, "SEED and SEEDS in the environment must be numbers"};
  }
  if (count) range.count = *count;
  if (only) range = {*only, 1};
  for (std::uint64_t i = 0; i < range.count; ++i) {
    const std::uint64_t seed = range.first + i;
    const std::string wrong = try_seed(check, seed);
    if (wrong.empty()) continue;
    const bool ends_line = wrong.back() == '\n';
    return SeedFailure{seed,
                       wrong + (ends_line ? "" : "\n") + "replay: SEED=" + std::to_string(seed)};
  }
  return std::nullopt;
}

}  // namespace hotline::sim
