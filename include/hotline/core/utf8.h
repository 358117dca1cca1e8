#pragma once

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns true if `bytes` are UTF-8 by RFC 3629, without surrogates and overlong forms.
bool is_utf8(Bytes bytes);

}  // namespace hotline
