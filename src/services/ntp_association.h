#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/clock.h"
#include "hotline/services/ntp_report.h"
#include "services/ntp_key.h"
#include "services/ntp_packet.h"

// The client's side of docs/wire/ntp.md: what to send, and what a reply means. No I/O.

namespace hotline::services {

/// How to ask.
struct NtpAssociationOptions {
  std::uint8_t version = NtpPacket::kVersionMax;
  NtpExchangeMode mode = NtpExchangeMode::basic;
  const NtpKey* key = nullptr;  ///< Authenticates both directions; null: neither.
};

/// The random numbers of one request, by which its reply is recognised. They are different, and
/// neither is 0.
struct NtpCookies {
  NtpTimestamp transmit{};
  NtpTimestamp receive{};  ///< Used by the interleaved mode.
};

/// What a datagram means to the client.
enum class NtpVerdict : std::uint8_t {
  sample,          ///< A good reply.
  dropped,         ///< Not the reply to the open request, which stays open.
  rate,            ///< Kiss-o'-death: ask less often.
  denied,          ///< Kiss-o'-death: do not ask again.
  key_refused,     ///< The server does not know the key, or has another one of that number.
  unsynchronised,  ///< The server says that its clock cannot be trusted.
  unusable,        ///< The times of the reply contradict each other.
  clock_set,       ///< The clock of this machine was set during the exchange.
};

/// A verdict with what belongs to it.
struct NtpFinding {
  NtpVerdict verdict = NtpVerdict::dropped;
  std::string_view reason{};          ///< A literal that completes "the reply ..."; may be empty.
  std::optional<NtpSample> sample{};  ///< Set for a sample.
};

/// Returns the most that a clock goes wrong by in `duration`.
Duration ntp_drift(Duration duration);

/// What a client keeps of one server: its exchanges, one after another. Allocates nothing. One
/// thread.
///
/// The error that a sample states holds for a server that keeps to its precision, and for clocks
/// that go wrong by at most 15 millionths of the time: RFC 5905, PHI.
class NtpAssociation {
 public:
  explicit NtpAssociation(const NtpAssociationOptions& options) : options_(options) {}

  /// Returns the next request, which is to be sent at once; `now` was read just before. It closes
  /// an earlier request that is still open. The bytes are valid until the next call. Fails as
  /// NtpKey::seal() does.
  Result<Bytes> begin(const NtpCookies& cookies, const ClockReading& now);

  /// States when the kernel sent the open request.
  void note_sent(WallTime sent_at) { sent_at_ = sent_at; }

  /// Returns what `datagram` means, which was read at `read`. `received_at` is the kernel's time of
  /// its arrival. Every verdict but `dropped` closes the request.
  NtpFinding take(Bytes datagram, std::optional<WallTime> received_at, const ClockReading& read);

  /// States that no reply has come in time.
  void give_up();

  /// States that no caller waits for the reply any longer: the request is not lost.
  void withdraw() { is_open_ = false; }

  const NtpCounts& counts() const { return counts_; }

 private:
  /// An exchange whose reply has come. The next reply may say when this one was sent.
  struct Complete {
    WallTime sent_at{};
    WallTime received_at{};
    NtpTimestamp server_received{};
    ClockReading read{};
    Duration clock_error{};
  };

  NtpFinding drop(std::uint64_t& count, std::string_view reason);
  NtpFinding close(NtpVerdict verdict, std::string_view reason);
  NtpFinding take_reply(const NtpDatagram& reply, NtpExchangeMode mode,
                        std::optional<WallTime> received_at, const ClockReading& read);
  std::optional<NtpFinding> find_refusal(const NtpPacket& packet);
  NtpFinding measure(const NtpDatagram& reply, NtpExchangeMode mode, const Complete& current);
  std::optional<NtpExchangeMode> mode_of(const NtpPacket& packet) const;

  NtpAssociationOptions options_;
  NtpCounts counts_;
  std::array<std::byte, NtpPacket::kBytes + NtpKey::kMacBytesMax> request_{};
  bool is_open_ = false;
  NtpCookies cookies_{};
  ClockReading begun_{};
  WallTime sent_at_{};
  std::optional<Complete> previous_{};
};

}  // namespace hotline::services
