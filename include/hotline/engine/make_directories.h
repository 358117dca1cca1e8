#pragma once

#include <string>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// Makes the directory `path`, and those above it, with mode 0700. Those that exist are left as
/// they are. Fails as mkdir(2) does, also if something else has the name. Blocks.
Result<void> make_directories(const std::string& path);

}  // namespace hotline
