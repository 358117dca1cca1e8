#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"

namespace hotline::auth {

/// A hash function for HMAC.
enum class Digest : std::uint8_t { md5, sha256, sha384 };

/// Returns the size of the digest and so of a tag: 16, 32 or 48.
std::size_t tag_bytes(Digest digest);

/// Returns the name of the digest: `sha256`.
std::string_view name_of(Digest digest);

/// The tag that an HMAC computes. A value without memory of its own.
class Tag {
 public:
  static constexpr std::size_t kBytesMax = 48;

  explicit Tag(std::size_t size) : size_(size) {}

  Bytes bytes() const { return Bytes(bytes_).first(size_); }
  MutableBytes fill() { return MutableBytes(bytes_).first(size_); }

 private:
  std::array<std::byte, kBytesMax> bytes_{};
  std::size_t size_;
};

/// Returns the HMAC (RFC 2104) of `message` under `secret`, which must not be empty. Fails with
/// `unsupported` if OpenSSL is configured without the digest. Any thread.
Result<Tag> hmac(Digest digest, const Secret& secret, Bytes message);

}  // namespace hotline::auth
