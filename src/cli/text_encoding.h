#pragma once

#include <string>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Returns `bytes` in base64, padded: RFC 4648, section 4.
std::string encode_base64(Bytes bytes);

}  // namespace hotline::cli
