#pragma once

#include <string_view>

#include "hotline/core/public.h"
#include "hotline/framing/frame_stream.h"
#include "hotline/net/connect.h"

namespace hotline HOTLINE_PUBLIC {

/// Connects to a stream endpoint whose options name the framing, as in
/// `tcp://127.0.0.1:8000?framing=lines&max=1MiB`; without them it is raw. Fails as connect() does,
/// and with `invalid_argument` if an option is unknown. Suspends the fiber.
Result<FrameStream> connect_frames(std::string_view uri, const ConnectOptions& options = {});

}  // namespace hotline
