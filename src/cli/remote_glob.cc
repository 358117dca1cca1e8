#include "cli/remote_glob.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "cli/file_command.h"
#include "cli/option_values.h"
#include "cli/prompt_words.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

constexpr std::string_view kGlobSigns = "*?[";

/// Returns what is left of `pattern` after a set that begins it, and if `character` is in it;
/// an empty pattern if the set has no end.
std::pair<std::string_view, bool> match_set(std::string_view pattern, char character) {
  std::size_t i = 1;
  const bool is_negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (is_negated) ++i;
  bool is_in = false;
  for (const std::size_t first = i; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    const bool is_range = i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']';
    const char last = is_range ? pattern[i + 2] : pattern[i];
    const auto value = static_cast<unsigned char>(character);
    is_in = is_in || (value >= static_cast<unsigned char>(pattern[i]) &&
                      value <= static_cast<unsigned char>(last));
    if (is_range) i += 2;
  }
  if (i >= pattern.size()) return {{}, false};
  return {pattern.substr(i + 1), is_in != is_negated};
}

/// Takes one character of `name` with the beginning of `pattern`, which is not `*`. Returns false
/// if it does not match.
bool take_one(std::string_view& pattern, std::string_view& name) {
  if (pattern.empty() || name.empty()) return false;
  const char character = name.front();
  name.remove_prefix(1);
  if (pattern.front() == '[' && pattern.contains(']')) {
    const auto [rest, is_in] = match_set(pattern, character);
    pattern = rest;
    return is_in;
  }
  const bool is_literal = pattern.front() == '\\' && pattern.size() > 1;
  if (is_literal) pattern.remove_prefix(1);
  const char wanted = pattern.front();
  pattern.remove_prefix(1);
  return wanted == character || (wanted == '?' && !is_literal);
}

/// Matches one component. Only the last `*` is ever tried again, so that the time is bounded.
bool component_matches(std::string_view pattern, std::string_view name) {
  std::string_view pattern_after_star;
  std::string_view name_after_star;
  bool has_star = false;
  while (!name.empty() || !pattern.empty()) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      pattern_after_star = pattern;
      name_after_star = name;
      has_star = true;
      continue;
    }
    if (take_one(pattern, name)) continue;
    if (!has_star || name_after_star.empty()) return false;
    name_after_star.remove_prefix(1);
    pattern = pattern_after_star;
    name = name_after_star;
  }
  return true;
}

std::string_view first_component(std::string_view path) { return path.substr(0, path.find('/')); }

std::string_view after_first(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
}

/// Returns the components of a pattern before the first that stands for several names.
std::string_view fixed_part(std::string_view pattern) {
  std::size_t end = 0;
  while (end < pattern.size()) {
    const std::string_view component = first_component(pattern.substr(end));
    if (is_glob(component)) break;
    end = std::min(pattern.size(), end + component.size() + 1);
  }
  std::string_view fixed = pattern.substr(0, end);
  if (fixed.ends_with('/')) fixed.remove_suffix(1);
  return fixed;
}

bool is_covered(const std::set<std::string>& directories, const FilePath& path) {
  for (FilePath above = path.parent(); !above.is_home(); above = above.parent()) {
    if (directories.contains(above.text())) return true;
  }
  return false;
}

}  // namespace

void leave_out_covered(std::vector<RemoteName>& names) {
  std::set<std::string> directories;
  for (const RemoteName& each : names) {
    if (each.meta.kind == FileKind::directory) directories.insert(each.path.text());
  }
  std::erase_if(names, [&](const RemoteName& each) { return is_covered(directories, each.path); });
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  if (pattern.empty() || path.empty()) return pattern.empty() && path.empty();
  const std::string_view component = first_component(pattern);
  if (component == "**") {
    const std::string_view rest = after_first(pattern);
    if (rest.empty()) return true;
    for (std::string_view from = path; !from.empty(); from = after_first(from)) {
      if (glob_matches(rest, from)) return true;
    }
    return false;
  }
  return component_matches(component, first_component(path)) &&
         glob_matches(after_first(pattern), after_first(path));
}

bool is_glob(std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '\\') {
      ++i;
    } else if (kGlobSigns.contains(word[i])) {
      return true;
    }
  }
  return false;
}

bool has_pattern_sign(std::string_view word) {
  return word.find_first_of(kGlobSigns) != std::string_view::npos;
}

Result<FilePath> fixed_path(std::string_view word) {
  const std::string_view fixed = is_glob(word) ? fixed_part(word) : word;
  return read_remote_path(has_pattern_sign(word) ? plain_text(fixed) : std::string(fixed));
}

FileResult<std::vector<RemoteName>> find_remote(FileLink& link, std::string_view word,
                                                Covered covered) {
  auto base = fixed_path(word);
  if (!base) return fail(std::move(base.error()));
  if (!is_glob(word)) {
    auto stat = link.perform<FileDescription>(
        [&](FileClient& client) { return client.stat({.path = *base}); });
    if (!stat) return std::unexpected(std::move(stat.error()));
    return std::vector{RemoteName{.path = *base, .meta = stat->meta}};
  }
  std::string_view pattern = word.substr(fixed_part(word).size());
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  if (pattern.ends_with('/')) pattern.remove_suffix(1);
  const bool is_deep = pattern.contains('/') || pattern == "**";
  auto listed = link.perform<std::vector<FileEntry>>([&](FileClient& client) {
    return client.list({.path = *base, .depth = is_deep ? FileDepth::tree : FileDepth::single});
  });
  if (!listed) return std::unexpected(std::move(listed.error()));
  std::vector<RemoteName> found;
  for (const FileEntry& each : *listed) {
    if (!glob_matches(pattern, each.path.text())) continue;
    const std::string text =
        base->is_home() ? each.path.text() : base->text() + '/' + each.path.text();
    if (auto path = FilePath::parse(text)) found.push_back({*std::move(path), each.meta});
  }
  if (covered == Covered::left_out) leave_out_covered(found);
  std::ranges::sort(found, {}, [](const RemoteName& each) { return each.path.text(); });
  if (found.empty()) {
    Error error = make_error(ErrorKind::not_found, "find", link.to().uri,
                             quote(word) + ": nothing matches it");
    error.advice = "list the directory to see what it contains";
    return std::unexpected(
        FileFailure(std::move(error), FileError{.code = FileErrorCode::not_found}, false));
  }
  return found;
}

}  // namespace hotline::cli
