#pragma once

#include "cli/json_line.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Returns an object with the number of `bytes`, and with them in `text`, or in `base64` if they
/// are not UTF-8.
JsonLine json_of_bytes(Bytes bytes);

}  // namespace hotline::cli
