#include "cli/home.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

namespace hotline::cli {
namespace {

constexpr mode_t kOwnerOnly = 0700;

/// Returns the value of an environment variable if it is an absolute path; the specification says
/// to ignore others.
std::string absolute_path_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] == '/' ? value : "";
}

bool make_directory(const std::string& path) {
  return ::mkdir(path.c_str(), kOwnerOnly) == 0 || errno == EEXIST;
}

/// Like `mkdir -p`.
bool make_directories(const std::string& path) {
  for (std::size_t end = 0; end != path.npos;) {
    end = path.find('/', end + 1);
    if (!make_directory(path.substr(0, end))) return false;
  }
  return make_directory(path + "/.");  // This exists only in a directory.
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
