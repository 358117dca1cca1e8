#pragma once

#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns `bytes` as hexadecimal digits in lower case, two for each.
std::string to_hex(Bytes bytes);

}  // namespace hotline
