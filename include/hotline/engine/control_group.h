#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotline {

/// Returns the directories of the control groups that this process is in, as far as they concern
/// `controller` (`cpu`, `memory`, `pids`): its own group first, then those above it up to the root.
/// Of both versions of control groups, cgroups(7). Empty where none are mounted in their usual
/// places.
std::vector<std::string> control_group_directories(std::string_view controller);

/// Returns the first line of a small file, such as those of control groups; nothing if it cannot be
/// read.
std::optional<std::string> read_first_line(const std::string& path);

/// Returns the number at the start of a file's first line; nothing if there is none.
std::optional<std::int64_t> read_leading_number(const std::string& path);

}  // namespace hotline
