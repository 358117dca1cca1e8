#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string_view>

#include "auth/challenge_wire.h"
#include "auth/hmac.h"

// The messages of docs/wire/challenge.md, section mp. No I/O.

namespace hotline::auth {

/// One message after its length, in memory of its own.
class MpMessage {
 public:
  MpMessage() = default;

  /// Returns the payload.
  Bytes bytes() const { return Bytes(bytes_).subspan(kMpLengthBytes, size_); }
  std::string_view text() const { return as_text(bytes()); }

  /// Returns the message as it is sent: the length, then the payload.
  Bytes on_wire() const { return Bytes(bytes_).first(kMpLengthBytes + size_); }

  /// Makes room for a payload of `size` bytes, at most kMpMessageBytesMax, and returns it for
  /// writing.
  MutableBytes resize(std::size_t size);

  /// Appends to the payload.
  MpMessage& append(Bytes more);
  MpMessage& append(std::string_view more) { return append(as_bytes(more)); }

 private:
  std::array<std::byte, kMpLengthBytes + kMpMessageBytesMax> bytes_{};
  std::size_t size_ = 0;
};

/// Why a message is refused: a literal that completes "the message ...".
using MpRefusal = std::string_view;

/// Returns the size of a payload from its length field. Refuses 0, more than kMpMessageBytesMax,
/// and the long form, which no message of the handshake needs.
std::expected<std::size_t, MpRefusal> decode_mp_length(
    std::span<const std::byte, kMpLengthBytes> field);

/// The challenge of a peer.
struct MpChallenge {
  Digest digest = Digest::sha256;
  Bytes signed_part;  ///< What the tag is computed of; a part of the message.
};

/// Returns a challenge for `digest` with a random nonce.
MpMessage encode_mp_challenge(Digest digest);

/// Refuses the legacy form without a digest, digests other than sha256 and sha384, and nonces that
/// are shorter than kMpNonceBytesMin.
std::expected<MpChallenge, MpRefusal> decode_mp_challenge(Bytes message);

/// The answer of a peer.
struct MpAnswer {
  Digest digest = Digest::sha256;
  Bytes tag;  ///< A part of the message; it has the size of the digest's tags.
};

/// Returns the answer to `challenge`. Fails as hmac() does.
Result<MpMessage> encode_mp_answer(const Secret& secret, const MpChallenge& challenge);

/// Refuses the legacy form without a digest, digests other than sha256 and sha384, and tags of
/// another size.
std::expected<MpAnswer, MpRefusal> decode_mp_answer(Bytes message);

/// Returns true if `answer` is the tag of `challenge` under `secret`. Fails as hmac() does.
Result<bool> is_mp_answer(const Secret& secret, const MpChallenge& challenge,
                          const MpAnswer& answer);

/// Returns the message that accepts an answer, or refuses it.
MpMessage encode_mp_verdict(bool is_welcome);

/// Returns true for the message that accepts an answer, and false for the one that refuses it.
std::expected<bool, MpRefusal> decode_mp_verdict(Bytes message);

}  // namespace hotline::auth
