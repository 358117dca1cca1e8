#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"
#include "hotline/net/stream.h"

namespace hotline HOTLINE_PUBLIC {

class OptionTaker;

/// How a caller proves at the beginning of a call that it knows a secret, without sending it. A
/// value. docs/wire/challenge.md describes the bytes, and docs/trust.md what a challenge protects
/// and what not: it does not encrypt, and does not bind the proof to the connection.
struct Challenge {
  enum class Scheme : std::uint8_t {
    hmac_md5,     ///< The server sends 32 random bytes, the caller answers their HMAC-MD5.
    hmac_sha256,  ///< The same with HMAC-SHA256 and a label for the role of the caller.
    mp,           ///< The mutual handshake of Python's multiprocessing.connection, from 3.12 on.
  };

  static constexpr std::size_t kSecretBytesMax = 4096;

  Scheme scheme = Scheme::hmac_sha256;
  Secret secret{};  ///< The same on both sides, 1 or more bytes.

  /// Takes the options `auth` (a scheme) and `secret-file` (the file with the secret; one newline
  /// at its end does not belong to the secret) and reads the file. Returns nullopt without them.
  /// Fails if only one of them is given, if the scheme is unknown or OpenSSL does not offer it, and
  /// if the file is empty, too long, readable by other users or cannot be read.
  static Result<std::optional<Challenge>> take_from(OptionTaker& taker);

  /// Challenges the caller at the other end of `call`. On success `call` has exactly the bytes that
  /// follow the handshake. A caller that gives a wrong answer (`permission_denied`) or a malformed
  /// message (`protocol_violation`) sees an orderly end, for which this function waits at most 1 s,
  /// and `call` is closed. Otherwise fails as Stream::read_exact() and Stream::write_all() do. The
  /// waits have the limits of the stream and of the DeadlineScope. Suspends the fiber.
  Result<void> check_caller(Stream& call) const;

  /// Answers the challenge of `server`, to which this program has connected. With `mp` the server
  /// must then prove that it knows the secret too; the other schemes do not check the server, and
  /// success does not say that it has accepted the answer. Fails with `permission_denied` if the
  /// server refuses the answer or does not know the secret, with `protocol_violation` if it sends
  /// anything malformed, which is never answered, and otherwise as above.
  Result<void> answer(Stream& server) const;

  friend bool operator==(const Challenge&, const Challenge&) = default;
};

/// Returns the name of the scheme: `hmac-md5`.
std::string_view name_of(Challenge::Scheme scheme);

/// Returns every scheme, in the order of the enumerators, as people write it.
std::span<const Choice> challenge_names();

}  // namespace hotline
