#include "hotline/engine/control_group.h"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace hotline {
namespace {

/// Returns true if `controllers`, separated by commas, include `controller`.
bool lists(std::string_view controllers, std::string_view controller) {
  while (!controllers.empty()) {
    const std::size_t end = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, end) == controller) return true;
    controllers.remove_prefix(std::min(end + 1, controllers.size()));
  }
  return false;
}

/// Returns the places where the tree of groups with `controllers` may be mounted. `controllers`
/// comes from a line of /proc/self/cgroup.
std::vector<std::string> roots_of(std::string_view controllers, std::string_view controller) {
  if (controllers.empty()) return {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  if (!lists(controllers, controller)) return {};
  return {"/sys/fs/cgroup/" + std::string(controller),
          "/sys/fs/cgroup/" + std::string(controllers)};
}

void append_upwards(const std::string& root, std::string path, std::vector<std::string>& to) {
  for (;;) {
    std::string directory = root + path;
    if (std::ranges::find(to, directory) == to.end()) to.push_back(std::move(directory));
    if (path.empty()) return;
    path.erase(path.rfind('/'));
  }
}

}  // namespace

std::vector<std::string> control_group_directories(std::string_view controller) {
  std::vector<std::string> directories;
  std::ifstream groups("/proc/self/cgroup");
  // Lines are ID:CONTROLLERS:PATH; for version 2 CONTROLLERS is empty.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    std::string path = line.substr(second + 1);
    if (path.ends_with('/')) path.pop_back();
    if (!path.empty() && !path.starts_with('/')) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    for (const std::string& root : roots_of(controllers, controller)) {
      append_upwards(root, path, directories);
    }
  }
  return directories;
}

std::optional<std::string> read_first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<std::int64_t> read_leading_number(const std::string& path) {
  const auto line = read_first_line(path);
  return line ? parse_leading_number(*line) : std::nullopt;
}

std::optional<std::int64_t> parse_leading_number(std::string_view text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

}  // namespace hotline
