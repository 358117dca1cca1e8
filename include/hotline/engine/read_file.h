#pragma once

#include <cstddef>
#include <string>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the bytes of the regular file at `path`. Fails with `invalid_argument` if it is not a
/// regular file, with `too_large` if it has more than `bytes_max` bytes, and as open(2) and read(2)
/// do. Blocks for as long as reading the file takes. It reads the real file system, in a simulated
/// world too. For a file that holds a secret use read_private_file().
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace hotline
