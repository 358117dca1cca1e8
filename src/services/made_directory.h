#pragma once

#include <string_view>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/disk_file.h"

// What a store of files makes for itself when it is missing. The calls suspend the fiber.

namespace hotline::services {

/// Returns the directory `name`, which is made if there is none.
Result<Directory> open_or_make(const Directory& parent, std::string_view name);

/// The same, and waits until the disk has the name.
Result<Directory> open_or_make_durably(const Directory& parent, std::string_view name);

/// Returns the file `name` for writing, which is made if there is none.
Result<DiskFile> open_or_create(const Directory& parent, std::string_view name);

}  // namespace hotline::services
