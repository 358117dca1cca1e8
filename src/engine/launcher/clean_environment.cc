#include "engine/launcher/clean_environment.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace hotline::engine {
namespace {

constexpr std::array<std::string_view, 6> kAllowed = {"HOME",  "USER", "LOGNAME",
                                                      "SHELL", "LANG", "TZ"};

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

bool is_allowed(std::string_view entry) {
  if (entry.find('=') == std::string_view::npos) return false;
  const std::string_view name = name_of(entry);
  return name.starts_with("LC_") || std::ranges::find(kAllowed, name) != kAllowed.end();
}

void add_missing(std::vector<std::string>& environment, std::string_view name, const char* value) {
  if (value == nullptr || *value == '\0') return;
  const auto has_name = [&](const std::string& entry) { return name_of(entry) == name; };
  if (std::ranges::none_of(environment, has_name)) {
    environment.push_back(std::string(name) + '=' + value);
  }
}

}  // namespace

std::vector<std::string> clean_environment(const char* const* inherited) {
  std::vector<std::string> clean;
  std::string path = "PATH=";
  path += kCleanPath;
  clean.push_back(std::move(path));
  for (; inherited != nullptr && *inherited != nullptr; ++inherited) {
    if (is_allowed(*inherited)) clean.emplace_back(*inherited);
  }
  return clean;
}

void add_user(std::vector<std::string>& environment) {
  passwd found{};
  passwd* user = nullptr;
  std::array<char, 4096> memory;
  ::getpwuid_r(::geteuid(), &found, memory.data(), memory.size(), &user);
  if (user == nullptr) return;
  add_missing(environment, "HOME", user->pw_dir);
  add_missing(environment, "USER", user->pw_name);
  add_missing(environment, "LOGNAME", user->pw_name);
  add_missing(environment, "SHELL", user->pw_shell);
}

std::vector<char*> merge_environment(std::span<char* const> additions,
                                     std::vector<std::string>& clean) {
  std::vector<char*> merged(additions.begin(), additions.end() - 1);
  for (std::string& entry : clean) {
    if (value_in(additions, name_of(entry)) == nullptr) merged.push_back(entry.data());
  }
  merged.push_back(nullptr);
  return merged;
}

const char* value_in(std::span<char* const> environment, std::string_view name) {
  for (const char* entry : environment) {
    if (entry != nullptr && name_of(entry) == name) return entry + name.size() + 1;
  }
  return nullptr;
}

}  // namespace hotline::engine
