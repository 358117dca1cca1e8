#pragma once

#include "hotline/auth/key.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Reads the line of a key from standard input, at a terminal after a prompt on standard error.
/// Fails as Key::parse() does, and if there are several lines.
Result<Key> read_key_line();

}  // namespace hotline::cli
