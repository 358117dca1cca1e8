#pragma once

#include <string>

#include "hotline/core/result.h"
#include "hotline/net/stream.h"

namespace bench {

// Calls `endpoint`, a URI, and answers its challenge if it has one. `keys` is the directory of the
// keys for `tls://`, or empty.
hotline::Result<hotline::Stream> call_server(const std::string& endpoint, const std::string& keys);

}  // namespace bench
