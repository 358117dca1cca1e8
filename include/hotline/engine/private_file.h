#pragma once

#include <cstddef>
#include <string>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the bytes of the file at `path`, which holds a secret. Fails with `permission_denied` if
/// another user may read or write it: if its mode gives the group or others any permission, or if
/// its owner is neither this program's user nor root. Fails with `invalid_argument` if it is not a
/// regular file, with `too_large` if it has more than `bytes_max` bytes, and as open(2) and read(2)
/// do. Blocks for as long as reading the file takes. It reads the real file system, in a simulated
/// world too.
Result<Secret> read_private_file(const std::string& path, std::size_t bytes_max);

}  // namespace hotline
