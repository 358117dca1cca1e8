#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "auth/challenge_wire.h"
#include "auth/hmac.h"

// The challenge of docs/wire/challenge.md that is one nonce and one tag. No I/O.

namespace hotline::auth {

/// One scheme of that kind.
struct HmacForm {
  Digest digest;
  std::string_view label;  ///< Precedes the nonce in what the tag is computed of; may be empty.
};

inline constexpr HmacForm kHmacMd5{Digest::md5, {}};
inline constexpr HmacForm kHmacSha256{Digest::sha256, kCallerLabel};

using Nonce = std::array<std::byte, kNonceBytes>;

/// Returns a random nonce.
Nonce make_nonce();

/// Returns the tag with which a caller answers `nonce`. Fails as hmac() does.
Result<Tag> encode_answer(const HmacForm& form, const Secret& secret, const Nonce& nonce);

/// Returns true if `answer` is the tag that belongs to `nonce`. Takes the same time for every
/// answer of the right size. Fails as hmac() does.
Result<bool> is_answer(const HmacForm& form, const Secret& secret, const Nonce& nonce,
                       Bytes answer);

}  // namespace hotline::auth
