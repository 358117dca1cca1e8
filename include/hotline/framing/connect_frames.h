#pragma once

#include <string_view>

#include "hotline/framing/frame_stream.h"
#include "hotline/net/connect.h"

namespace hotline {

/// Connects to a stream endpoint whose options say how messages are framed, as in
/// `tcp://127.0.0.1:8000?framing=lines&max=1MiB`; raw, if they do not. Fails as connect does, and
/// with `invalid_argument` if an option is not known. Suspends the fiber.
Result<FrameStream> connect_frames(std::string_view uri, const ConnectOptions& options = {});

}  // namespace hotline
