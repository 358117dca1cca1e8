#include "auth/mp_message.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "core/check.h"
#include "hotline/engine/random.h"

namespace hotline::auth {
namespace {

constexpr Digest kAccepted[] = {Digest::sha256, Digest::sha384};

using Length = std::array<std::byte, kMpLengthBytes>;

Length encode_length(std::size_t size) {
  Length field{};
  for (std::size_t i = 0; i < field.size(); ++i) {
    field[field.size() - 1 - i] = static_cast<std::byte>(size >> (8 * i) & 0xff);
  }
  return field;
}

/// A digest in braces, and what follows it.
struct Labelled {
  Digest digest;
  Bytes rest;
};

/// Returns nullopt unless `bytes` begin with a digest that is accepted.
std::optional<Labelled> split_digest(Bytes bytes) {
  std::string_view text = as_text(bytes);
  if (!text.starts_with(kMpDigestBegin)) return std::nullopt;
  text.remove_prefix(1);
  for (const Digest digest : kAccepted) {
    const std::string_view name = name_of(digest);
    if (!text.starts_with(name) || !text.substr(name.size()).starts_with(kMpDigestEnd)) continue;
    return Labelled{digest, as_bytes(text.substr(name.size() + 1))};
  }
  return std::nullopt;
}

void append_digest(MpMessage& message, Digest digest) {
  message.append(std::string_view(&kMpDigestBegin, 1))
      .append(name_of(digest))
      .append(std::string_view(&kMpDigestEnd, 1));
}

}  // namespace

MutableBytes MpMessage::resize(std::size_t size) {
  check_use(size <= kMpMessageBytesMax, "a message of the handshake has at most 256 bytes");
  size_ = size;
  const auto length = encode_length(size);
  std::copy(length.begin(), length.end(), bytes_.begin());
  return MutableBytes(bytes_).subspan(kMpLengthBytes, size);
}

MpMessage& MpMessage::append(Bytes more) {
  const std::size_t before = size_;
  std::copy(more.begin(), more.end(), resize(before + more.size()).subspan(before).begin());
  return *this;
}

std::expected<std::size_t, MpRefusal> decode_mp_length(
    std::span<const std::byte, kMpLengthBytes> field) {
  std::uint32_t size = 0;
  for (const std::byte byte : field) size = size << 8 | std::to_integer<std::uint32_t>(byte);
  if (size == 0) return std::unexpected("is empty");
  if (size > kMpMessageBytesMax) return std::unexpected("is longer than 256 bytes");
  return size;
}

MpMessage encode_mp_challenge(Digest digest) {
  std::array<std::byte, kMpNonceBytes> nonce;
  random_bytes(nonce);
  MpMessage message;
  message.append(kMpChallenge);
  append_digest(message, digest);
  return message.append(nonce);
}

std::expected<MpChallenge, MpRefusal> decode_mp_challenge(Bytes message) {
  if (!as_text(message).starts_with(kMpChallenge)) return std::unexpected("is not a challenge");
  const Bytes signed_part = message.subspan(kMpChallenge.size());
  if (signed_part.size() == kMpLegacyNonceBytes) {
    return std::unexpected("is the challenge of Python 3.11 or older, which is for MD5");
  }
  const auto labelled = split_digest(signed_part);
  if (!labelled) return std::unexpected("is a challenge for a digest other than sha256 and sha384");
  if (labelled->rest.size() < kMpNonceBytesMin) {
    return std::unexpected("is a challenge with too few random bytes");
  }
  return MpChallenge{labelled->digest, signed_part};
}

Result<MpMessage> encode_mp_answer(const Secret& secret, const MpChallenge& challenge) {
  const auto tag = hmac(challenge.digest, secret, challenge.signed_part);
  if (!tag) return fail(tag.error());
  MpMessage message;
  append_digest(message, challenge.digest);
  message.append(tag->bytes());
  return message;
}

std::expected<MpAnswer, MpRefusal> decode_mp_answer(Bytes message) {
  if (message.size() == kMpLegacyTagBytes) {
    return std::unexpected("is the answer of Python 3.11 or older, which is HMAC-MD5");
  }
  const auto labelled = split_digest(message);
  if (!labelled) return std::unexpected("is an answer with a digest other than sha256 and sha384");
  if (labelled->rest.size() != tag_bytes(labelled->digest)) {
    return std::unexpected("is an answer whose tag has not the size of its digest");
  }
  return MpAnswer{labelled->digest, labelled->rest};
}

Result<bool> is_mp_answer(const Secret& secret, const MpChallenge& challenge,
                          const MpAnswer& answer) {
  const auto expected = hmac(answer.digest, secret, challenge.signed_part);
  if (!expected) return fail(expected.error());
  return equal_in_constant_time(expected->bytes(), answer.tag);
}

MpMessage encode_mp_verdict(bool is_welcome) {
  return MpMessage().append(is_welcome ? kMpWelcome : kMpFailure);
}

std::expected<bool, MpRefusal> decode_mp_verdict(Bytes message) {
  const std::string_view text = as_text(message);
  if (text == kMpWelcome) return true;
  if (text == kMpFailure) return false;
  return std::unexpected("neither accepts the answer nor refuses it");
}

}  // namespace hotline::auth
