#pragma once

#include <string_view>

#include "hotline/core/secret.h"

namespace hotline::auth {

/// Derives 32 bytes from `secret`: HKDF-SHA256 of RFC 5869 without a salt. Different texts `info`
/// give keys that say nothing about each other.
Secret derive_key(const Secret& secret, std::string_view info);

}  // namespace hotline::auth
