#pragma once

#include <string_view>

#include "hotline/auth/challenge.h"
#include "hotline/core/public.h"
#include "hotline/net/connect.h"

namespace hotline HOTLINE_PUBLIC {

/// Makes connect() with `options` answer `challenge` on the new stream, before
/// ConnectOptions::on_connected of `options` runs.
void answer_on_connect(ConnectOptions& options, Challenge challenge);

/// Connects to a stream endpoint and answers its challenge, as its options `auth` and `secret-file`
/// say; without them it only connects. Its other options are those of connect(). Fails as
/// connect(), Challenge::take_from() and Challenge::answer() do. Suspends the fiber.
Result<Stream> connect_authenticated(std::string_view uri, const ConnectOptions& options = {});

}  // namespace hotline
