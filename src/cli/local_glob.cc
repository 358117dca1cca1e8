#include "cli/local_glob.h"

#include <algorithm>
#include <utility>

#include "cli/local_names.h"
#include "cli/option_values.h"
#include "cli/prompt_words.h"
#include "cli/remote_glob.h"
#include "hotline/core/error.h"

namespace hotline::cli {
namespace {

std::string joined(const std::string& directory, std::string_view name) {
  if (directory.empty() || directory.ends_with('/')) return directory + std::string(name);
  return directory + '/' + std::string(name);
}

/// What cannot be read matches nothing, as in a shell.
void add_matching(std::vector<std::string>& found, const std::string& directory,
                  std::string_view component) {
  const auto names = local_names(directory);
  if (!names) return;
  for (const DirectoryEntry& each : *names) {
    const bool is_hidden = each.name.starts_with('.') && !component.starts_with('.');
    if (!is_hidden && glob_matches(component, each.name)) {
      found.push_back(joined(directory, each.name));
    }
  }
}

}  // namespace

Result<std::vector<std::string>> find_local(std::string_view word) {
  if (!has_pattern_sign(word)) return std::vector{std::string(word)};
  std::vector<std::string> found = {word.starts_with('/') ? "/" : ""};
  std::string_view rest = word;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
    if (component.empty()) continue;
    std::vector<std::string> deeper;
    for (const std::string& each : found) {
      if (is_glob(component)) {
        add_matching(deeper, each, component);
      } else {
        deeper.push_back(joined(each, plain_text(component)));
      }
    }
    found = std::move(deeper);
  }
  std::ranges::sort(found);
  if (!found.empty()) return found;
  Error error = make_error(ErrorKind::not_found, "find", {}, quote(word) + ": nothing matches it");
  error.advice = "'lls' lists the directory here";
  return fail(std::move(error));
}

}  // namespace hotline::cli
