#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
  std::optional<PeerCredentials> credentials{};  ///< Of every caller at a UNIX socket.

  /// For `certificate`: the common name in the subject; empty unless there is exactly one.
  std::string common_name{};

  /// Returns the identity of a process on this machine; its name is `uid:N`.
  static Identity of_user(const PeerCredentials& credentials);

  /// Returns the name that the peer has proved: of a certificate its common name; of a user none.
  std::string_view proven_name() const;

  /// Returns the identity as printable text on one line, for logs: `key:alice`,
  /// `certificate:CN=carol`, `secret:hmac-sha256`, `uid:1000,gid:1000,pid:4711`. What is known of
  /// the process follows other identities too.
  std::string to_string() const;

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace hotline
