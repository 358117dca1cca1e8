#include "cli/machine.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "hotline/engine/control_group.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kFileMax = 64 * 1024;
constexpr std::int64_t kKiB = 1024;

// If no limit is set, version 1 of cgroups shows a number of about this size.
constexpr std::int64_t kUnlimitedMin = std::int64_t{1} << 60;

std::optional<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             std::fclose);
  if (!file) return std::nullopt;
  std::string text(kFileMax, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return text;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Returns the number after `label` in a file of `label   number` lines.
std::optional<std::int64_t> find_number(const std::optional<std::string>& text,
                                        std::string_view label) {
  if (!text) return std::nullopt;
  for (const std::string_view line : lines_of(*text)) {
    if (line.starts_with(label)) return parse_number(line.substr(label.size()));
  }
  return std::nullopt;
}

std::optional<std::int64_t> find_kibibytes(const std::optional<std::string>& text,
                                           std::string_view label) {
  const auto number = find_number(text, label);
  return number ? std::optional(*number * kKiB) : std::nullopt;
}

/// Returns the smallest limit of the groups that this process is in, of either version.
std::optional<std::int64_t> read_memory_group_limit() {
  std::int64_t least = kUnlimitedMin;
  for (const std::string& directory : control_group_directories("memory")) {
    for (const char* file : {"/memory.max", "/memory.limit_in_bytes"}) {
      least = std::min(least, read_leading_number(directory + file).value_or(kUnlimitedMin));
    }
  }
  return least < kUnlimitedMin ? std::optional(least) : std::nullopt;
}

std::optional<std::string> read_word(const std::string& path) {
  auto text = read_file(path);
  if (text) text->erase(std::min(text->find_first_of(" \n"), text->size()));
  return text;
}

}  // namespace

Machine read_machine() {
  const auto limits = read_file("/proc/self/limits");
  const auto status = read_file("/proc/self/status");
  const auto memory = read_file("/proc/meminfo");
  Machine machine;
  machine.kernel_release = read_word("/proc/sys/kernel/osrelease");
  machine.io_uring_disabled = read_leading_number("/proc/sys/kernel/io_uring_disabled");
  machine.seccomp_mode = find_number(status, "Seccomp:");
  machine.descriptors_max = find_number(limits, "Max open files");
  machine.locked_memory_max = find_number(limits, "Max locked memory");
  machine.mappings_max = read_leading_number("/proc/sys/vm/max_map_count");
  machine.memory_total = find_kibibytes(memory, "MemTotal:");
  machine.memory_available = find_kibibytes(memory, "MemAvailable:");
  machine.memory_group_limit = read_memory_group_limit();
  return machine;
}

}  // namespace hotline::cli
