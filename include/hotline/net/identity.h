#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hotline/core/public.h"
#include "hotline/net/peer_credentials.h"

namespace hotline HOTLINE_PUBLIC {

/// Who the peer of a stream is, and how that is known. A value.
struct Identity {
  /// How it is known.
  enum class Kind : std::uint8_t {
    secret,       ///< The peer knows a secret that many may share.
    key,          ///< The peer has the key of that name (TLS with a pre-shared key).
    certificate,  ///< The peer has a certificate with that subject (TLS).
    user,         ///< The peer is a process of that user on this machine (UNIX sockets).
  };

  std::string name{};
  Kind kind = Kind::secret;
  std::optional<PeerCredentials> credentials{};  ///< For `user`.

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace hotline
