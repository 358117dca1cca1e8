#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "hotline/core/bytes.h"
#include "hotline/core/choice.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"
#include "services/ntp_packet.h"

namespace hotline::services {

/// How a MAC is computed from a key and a message: docs/wire/ntp.md.
enum class NtpMacKind : std::uint8_t { md5, sha1, aes_cmac };

/// Returns the kinds as a key file names them.
std::span<const Choice> ntp_mac_kinds();

/// Returns the kind of that name in a key file, in lower or upper case.
std::optional<NtpMacKind> parse_ntp_mac_kind(std::string_view name);

/// A key that a client and a server share, to authenticate packets. Any thread may use it.
struct NtpKey {
  static constexpr std::size_t kMacBytesMax = NtpMac::kKeyIdBytes + 20;
  static constexpr std::size_t kCmacSecretBytes = 16;

  std::uint32_t id = 0;
  NtpMacKind kind = NtpMacKind::md5;
  Secret secret{};  ///< Not empty; of an aes_cmac key, kCmacSecretBytes.

  /// Returns the size of a MAC: of the key id and the digest.
  std::size_t mac_bytes() const;

  /// Writes the MAC of `message` to the beginning of `out`, which has room for mac_bytes(), and
  /// returns that part. Fails with `unsupported` if OpenSSL is configured without the algorithm.
  /// Allocates only at its first call in a thread.
  Result<Bytes> seal(Bytes message, MutableBytes out) const;

  /// Returns true if `datagram` ends with the MAC that seal() makes with this key. The time of the
  /// comparison does not depend on the bytes. Returns false if seal() fails.
  bool verify(const NtpDatagram& datagram) const;
};

}  // namespace hotline::services
