#pragma once

#include <string_view>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"

namespace hotline::services {

/// Same as Directory::open_beneath(), for a path of any length: the kernel takes no more than 4,095
/// bytes at once. It has at most two descriptors of its own at a time. Suspends the fiber.
Result<Directory> open_long_path(const Directory& base, std::string_view path);

}  // namespace hotline::services
