#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/services/ntp_report.h"
#include "services/ntp_timestamp.h"

// The packets of docs/wire/ntp.md. No I/O; nothing here allocates.

namespace hotline::services {

using hotline::NtpLeap;

enum class NtpMode : std::uint8_t {
  reserved,
  symmetric_active,
  symmetric_passive,
  client,
  server,
  broadcast,
  control,
  private_use,
};

/// The header that each packet begins with. A value.
struct NtpPacket {
  static constexpr std::size_t kBytes = 48;
  static constexpr std::uint8_t kVersionMin = 1;
  static constexpr std::uint8_t kVersionMax = 4;
  static constexpr std::uint8_t kStratumMax = 15;  ///< Beyond it a clock is not synchronised.

  NtpLeap leap = NtpLeap::none;
  std::uint8_t version = kVersionMax;
  NtpMode mode = NtpMode::reserved;
  std::uint8_t stratum = 0;   ///< 0 if unsynchronised, and in a kiss-o'-death.
  std::int8_t poll = 0;       ///< The binary logarithm of seconds.
  std::int8_t precision = 0;  ///< The same.
  NtpShort root_delay{};
  NtpShort root_dispersion{};
  std::uint32_t reference_id = 0;  ///< Its first byte on the wire is the most significant one.
  NtpTimestamp reference_time{};   ///< The last update of the clock.
  NtpTimestamp originate_time{};   ///< The request's transmit time, as the client sent it.
  NtpTimestamp receive_time{};
  NtpTimestamp transmit_time{};

  bool operator==(const NtpPacket&) const = default;
};

/// A reference id of up to four characters, such as that of a kiss-o'-death.
constexpr std::uint32_t ntp_code(std::string_view text) {
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    code = code << 8 | (i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U);
  }
  return code;
}

inline constexpr std::uint32_t kNtpKissDeny = ntp_code("DENY");
inline constexpr std::uint32_t kNtpKissRate = ntp_code("RATE");
inline constexpr std::uint32_t kNtpKissRestrict = ntp_code("RSTR");

/// The message authentication code at the end of a datagram. A view.
struct NtpMac {
  static constexpr std::size_t kKeyIdBytes = 4;
  static constexpr std::size_t kDigestBytesMax = 64;

  std::uint32_t key_id = 0;
  Bytes digest{};  ///< Empty in a crypto-NAK: the server refuses the request's MAC.

  bool is_crypto_nak() const { return digest.empty(); }
};

/// The parts of a datagram. A view of its bytes.
struct NtpDatagram {
  NtpPacket packet{};
  Bytes extensions{};  ///< A valid chain of extension fields; empty if there are none.
  std::optional<NtpMac> mac{};
  Bytes authenticated{};  ///< What a MAC is computed of: the header and the extension fields.
};

/// Why a datagram is refused: a literal that completes "the datagram ...".
using NtpRefusal = std::string_view;

/// Returns the parts of `datagram`, whatever its mode. Refuses versions other than 1 to 4, and what
/// follows the header unless it is, in version 1 to 3, a MAC, and in version 4 a chain of extension
/// fields, a MAC, or both in this order. Does not verify the MAC.
std::expected<NtpDatagram, NtpRefusal> decode_ntp(Bytes datagram);

/// Writes the header to `out`. The version is at most 7.
void encode_ntp(const NtpPacket& packet, std::span<std::byte, NtpPacket::kBytes> out);

/// Writes `key_id` to `out`; a digest follows it.
void encode_ntp_key_id(std::uint32_t key_id, std::span<std::byte, NtpMac::kKeyIdBytes> out);

/// One extension field. A view.
struct NtpExtension {
  static constexpr std::size_t kHeaderBytes = 4;
  static constexpr std::size_t kBytesMin = 16;
  static constexpr std::size_t kLastBytesMin = 28;  ///< That of the last one, if no MAC follows.

  std::uint16_t type = 0;
  Bytes body{};   ///< With its padding: how long the value is depends on the type.
  Bytes whole{};  ///< The header and the body.
};

/// Removes the first extension field from `rest`, part of NtpDatagram::extensions, and returns it.
/// Returns nullopt at the end of the chain, and if `rest` does not begin with a whole field.
std::optional<NtpExtension> take_ntp_extension(Bytes& rest);

}  // namespace hotline::services
