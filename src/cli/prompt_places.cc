#include "cli/prompt_places.h"

#include <vector>

#include "cli/prompt_words.h"
#include "cli/remote_glob.h"

namespace hotline::cli {
namespace {

/// Adds the components of `path` to those of a directory, and resolves `.` and `..`.
void walk(std::vector<std::string_view>& to, std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    if (component == "..") {
      if (!to.empty()) to.pop_back();
    } else if (!component.empty() && component != ".") {
      to.push_back(component);
    }
  }
}

/// Returns `/` for the home.
std::string resolved(std::string_view directory, std::string_view word) {
  std::vector<std::string_view> components;
  if (!word.starts_with('/')) walk(components, directory);
  walk(components, word);
  std::string path;
  for (const std::string_view each : components) {
    if (!path.empty()) path += '/';
    path += each;
  }
  return word.ends_with('/') || path.empty() ? path + '/' : path;
}

std::string below(const std::string& directory, std::string_view word) {
  const bool is_whole = directory.empty() || word.starts_with('/');
  if (is_whole) return std::string(word);
  return directory + (directory.ends_with('/') ? "" : "/") + std::string(word);
}

}  // namespace

std::string PromptPlaces::remote_pattern(std::string_view word) const {
  std::string name = remote_name(word);
  return has_pattern_sign(name) ? resolved(pattern_of(remote_), word) : name;
}

std::string PromptPlaces::remote_name(std::string_view word) const {
  return resolved(remote_, plain_text(word));
}

std::string PromptPlaces::local_pattern(std::string_view word) const {
  std::string name = local_name(word);
  return has_pattern_sign(name) ? below(pattern_of(local_), word) : name;
}

std::string PromptPlaces::local_name(std::string_view word) const {
  return below(local_, plain_text(word));
}

}  // namespace hotline::cli
