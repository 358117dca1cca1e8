#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the directories of the control groups of this process that have `controller` (`cpu`,
/// `memory`, `pids`): its own group first, then its ancestors up to the root. Supports both
/// versions of cgroups(7). Returns nothing if control groups are not mounted in their usual places.
std::vector<std::string> control_group_directories(std::string_view controller);

/// Returns the first line of a small file, such as those of control groups, or nullopt if it cannot
/// be read.
std::optional<std::string> read_first_line(const std::string& path);

/// Returns the number at the start of the first line of a file, or nullopt if there is none.
std::optional<std::int64_t> read_leading_number(const std::string& path);

/// The same for the text of such a file.
std::optional<std::int64_t> parse_leading_number(std::string_view text);

}  // namespace hotline
