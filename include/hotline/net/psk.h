#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/secret.h"

namespace hotline HOTLINE_PUBLIC {

/// A pre-shared key of TLS 1.3 (RFC 8446, section 2.2) with the identity under which a client
/// presents it. The identity is sent in the clear.
struct Psk {
  std::string identity;  ///< 1 to 128 bytes.
  Secret key;            ///< 32 random bytes, or a key derived from 32 random bytes.
  std::string name;      ///< The name of the key for logs and for Identity: `alice`.
};

/// Returns the key that belongs to an identity which a client presents; nullopt if it is unknown.
/// It is called for each handshake, on the thread of the call, and must not wait.
using PskLookup = std::function<std::optional<Psk>(std::string_view identity)>;

}  // namespace hotline
