#pragma once

#include <string>

namespace hotline::engine {

/// Returns true if `path` leads to something that is not a regular file, for example to a directory
/// or to a named pipe. To open a pipe can block for ever. Returns false if nothing is there:
/// opening it says what is wrong. Blocks for as long as stat(2) does.
bool is_special_file(const std::string& path);

}  // namespace hotline::engine
