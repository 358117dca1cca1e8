#include "cli/folded_results.h"

#include <map>
#include <tuple>

#include "hotline/core/bytes.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kReasonMax = 512;

/// Returns how a command ended, without its times.
std::string end_of(const HostResult& result) {
  // The errors of several endpoints name them, so that only their kind can be the same.
  if (!result.exit) return std::string(name_of(result.outcome));
  std::string text = result.exit->describe();
  if (result.exit->kind == ExitKind::could_not_start && !result.exit->text.empty()) {
    text += ": " + escape(as_bytes(result.exit->text), kReasonMax);
  }
  if (result.dropped_bytes > 0) {
    text += ", " + std::to_string(result.dropped_bytes) + " bytes dropped";
  }
  return text;
}

Result<bool> is_same(const HostResult& left, const HostResult& right, const SharedSpill& spill) {
  auto is_equal = left.output.is_equal(right.output, spill);
  if (!is_equal || !*is_equal) return is_equal;
  return left.error_output.is_equal(right.error_output, spill);
}

/// Results that are equal as far as can be seen without their bytes.
using Likeness = std::tuple<std::uint64_t, std::uint64_t, std::size_t, std::size_t, std::string>;

Likeness likeness_of(const HostResult& result) {
  return {result.output.size(), result.error_output.size(), result.output.digest(),
          result.error_output.digest(), end_of(result)};
}

}  // namespace

Result<std::vector<Fold>> fold(std::span<const HostResult> results, const SharedSpill& spill) {
  std::multimap<Likeness, std::size_t> known;
  std::vector<Fold> folds;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Likeness likeness = likeness_of(results[i]);
    auto [place, end] = known.equal_range(likeness);
    for (; place != end; ++place) {
      const auto same = is_same(results[folds[place->second].first], results[i], spill);
      if (!same) return fail(same.error());
      if (*same) break;
    }
    if (place == end) {
      place = known.emplace(likeness, folds.size());
      folds.push_back({{}, i});
    }
    folds[place->second].hosts.push_back(results[i].host);
  }
  return folds;
}

std::string heading_of(const Fold& fold, const HostResult& result) {
  std::string text = "---- ";
  for (const std::string& each : fold.hosts) {
    if (&each != &fold.hosts.front()) text += ", ";
    text += each;
  }
  if (fold.hosts.size() > 1) text += " (" + std::to_string(fold.hosts.size()) + ")";
  if (result.outcome != HostOutcome::ok || result.dropped_bytes > 0) text += ": " + end_of(result);
  return text + "\n";
}

}  // namespace hotline::cli
