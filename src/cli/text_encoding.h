#pragma once

#include <string>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// `bytes` in base64, padded: RFC 4648, section 4.
std::string encode_base64(Bytes bytes);

/// Whether `bytes` are UTF-8: RFC 3629, which knows neither surrogates nor overlong forms.
bool is_utf8(Bytes bytes);

}  // namespace hotline::cli
