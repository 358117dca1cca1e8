#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"

namespace hotline::engine {

/// Returns an error if a file is not to be read; the path is for its text.
using FileCheck = Result<void> (*)(const std::string& path, const struct stat& status);

/// Returns the path as errors show it.
std::string shown_path(const std::string& path);

/// Returns true if `path` leads to something that is not a regular file, for example to a directory
/// or to a named pipe. To open a pipe can block for ever. Returns false if nothing is there:
/// opening it says what is wrong. Blocks for as long as stat(2) does.
bool is_special_file(const std::string& path);

/// Reads the regular file at `path` from its beginning to its end into `room`, which has one byte
/// more than the file may have, and returns its size. Calls `check` before it reads, unless null.
/// Fails with `invalid_argument` if it is not a regular file, with `too_large`, as `check` does,
/// and as open(2) and read(2) do. Blocks.
Result<std::size_t> read_regular_file(const std::string& path, MutableBytes room, FileCheck check);

}  // namespace hotline::engine
