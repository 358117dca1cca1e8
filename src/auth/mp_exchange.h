#pragma once

#include "hotline/core/result.h"
#include "hotline/core/secret.h"
#include "hotline/net/stream.h"

namespace hotline::auth {

/// Challenges the caller and then answers its challenge, as Challenge::check_caller() describes.
Result<void> check_mp_caller(Stream& call, const Secret& secret);

/// Answers the server and then challenges it, as Challenge::answer() describes.
Result<void> answer_mp(Stream& server, const Secret& secret);

}  // namespace hotline::auth
