#include "cli/folded_results.h"

#include <map>
#include <tuple>

namespace hotline::cli {
namespace {

/// Returns how a command ended, without its times.
std::string end_of(const HostResult& result) {
  if (result.exit) return result.exit->describe();
  // The errors of several endpoints name them, so that only their kind can be the same.
  return std::string(name_of(result.outcome));
}

}  // namespace

std::vector<Fold> fold(std::span<const HostResult> results) {
  using Content = std::tuple<std::string_view, std::string_view, std::string>;
  std::map<Content, std::size_t> known;
  std::vector<Fold> folds;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const HostResult& each = results[i];
    const auto [place, is_new] =
        known.try_emplace({each.output, each.error_output, end_of(each)}, folds.size());
    if (is_new) folds.push_back({{}, i});
    folds[place->second].hosts.push_back(each.host);
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
  if (result.outcome != HostOutcome::ok) text += ": " + end_of(result);
  return text + "\n";
}

}  // namespace hotline::cli
