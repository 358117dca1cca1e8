#include "cli/home.h"

#include <cstdlib>

#include "hotline/engine/make_directories.h"

namespace hotline::cli {
namespace {

/// Returns the value of an environment variable if it is an absolute path; the specification says
/// to ignore others.
std::string absolute_path_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] == '/' ? value : "";
}

}  // namespace

std::string Home::directory(const char* variable, const char* otherwise) const {
  if (!directory_.empty()) return directory_;
  if (const std::string named = absolute_path_in(variable); !named.empty()) {
    return named + "/hotline";
  }
  const std::string home = absolute_path_in("HOME");
  return home.empty() ? home : home + otherwise + "/hotline";
}

std::string Home::key_directory() const {
  const std::string found = directory("XDG_DATA_HOME", "/.local/share");
  return found.empty() ? found : found + "/keys";
}

std::string Home::state_file(std::string_view name) const {
  const std::string found = directory("XDG_STATE_HOME", "/.local/state");
  if (found.empty() || !make_directories(found)) return {};
  return found + "/" + std::string(name);
}

}  // namespace hotline::cli
