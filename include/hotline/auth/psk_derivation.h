#pragma once

#include <string>
#include <string_view>

#include "hotline/auth/key.h"
#include "hotline/core/public.h"
#include "hotline/net/psk.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the identity that a caller presents in the TLS handshake for the key `name` of the home
/// `server_id`: `hotline1:SERVERID:NAME`. It has at most 106 bytes and is sent in the clear.
std::string psk_identity(std::string_view server_id, std::string_view name);

/// Derives the pre-shared key of TLS from `key`: see docs/wire/tls.md. It depends on the server and
/// on the name too, and on which side is the client.
Psk derive_psk(const Key& key);

}  // namespace hotline
