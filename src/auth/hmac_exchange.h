#pragma once

#include "auth/hmac_challenge.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"
#include "hotline/net/stream.h"

namespace hotline::auth {

/// Challenges the caller, as Challenge::check_caller() describes.
Result<void> check_hmac_caller(const HmacForm& form, Stream& call, const Secret& secret);

/// Answers the server, as Challenge::answer() describes.
Result<void> answer_hmac(const HmacForm& form, Stream& server, const Secret& secret);

}  // namespace hotline::auth
