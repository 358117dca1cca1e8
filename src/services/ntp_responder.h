#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "hotline/core/bytes.h"
#include "services/ntp_clock_state.h"
#include "services/ntp_keys.h"
#include "services/ntp_packet.h"
#include "services/ntp_sent_times.h"
#include "services/ntp_timestamp.h"

// The server's side of docs/wire/ntp.md. No I/O: bytes in, decision out.

namespace hotline::services {

/// What becomes of a datagram.
enum class NtpOutcome : std::uint8_t {
  answered,
  interleaved,        ///< Answered with the time at which the reply before was really sent.
  kissed,             ///< Answered with a kiss-o'-death: its source asks too often.
  limited,            ///< Ignored, as are the outcomes below: its source asks too often.
  malformed,          ///< It is not an NTP packet of version 1 to 4.
  not_a_request,      ///< A server must not answer its mode. Two servers would go on for ever.
  not_authenticated,  ///< Its MAC is wrong, or of a key that is unknown, or it is of NTS.
  clock_was_set,      ///< The wall clock was set while the datagram waited.
  own_request,        ///< A request of this server's own mirror.
};
inline constexpr std::size_t kNtpOutcomes = 9;

/// Returns the enumerator's name, such as `not_a_request`.
std::string_view name_of(NtpOutcome outcome);

/// Whether the source of a good request may have its answer now.
enum class NtpAdmission : std::uint8_t { answer, kiss, ignore };

/// A datagram that has arrived.
struct NtpRequest {
  Bytes bytes{};
  WallTime received_at{};
  std::uint16_t port = 0;  ///< The port of the client.
};

/// A decision, and the reply that lacks its transmit time. A value.
struct NtpReply {
  NtpOutcome outcome = NtpOutcome::malformed;
  NtpPacket packet{};
  const NtpKey* key = nullptr;  ///< The reply ends with a MAC of this key.
  /// The client uses the interleaved mode: note_sent() wants the time at which this reply leaves.
  bool wants_sent_time = false;

  bool is_sent() const { return outcome <= NtpOutcome::kissed; }
};

/// Returns the binary logarithm of `granularity` in seconds, rounded up.
std::int8_t ntp_precision(Duration granularity);

/// What a responder needs.
struct NtpResponderOptions {
  const NtpKeys* keys = nullptr;  ///< Must outlive the responder. Null: no key is known.
  std::int8_t precision = -20;    ///< The binary logarithm of the seconds that the clock resolves.
  std::uint64_t seed = 0;         ///< For the bits below the precision.
};

/// Answers the requests of one socket. Two replies never have the same receive time, unless the
/// clock was set in between. One thread.
class NtpResponder {
 public:
  explicit NtpResponder(const NtpResponderOptions& options);

  /// Replaces NtpResponderOptions::keys. Call it while no reply waits for complete().
  void use_keys(const NtpKeys* keys) { options_.keys = keys; }

  /// Decides what to do with a datagram. `clock` has what describe_ntp_clock() wrote.
  NtpReply decide(const NtpRequest& request, const NtpPacket& clock);

  /// Changes a reply that is_sent() into what its source may have.
  static void limit(NtpReply& reply, NtpAdmission admission);

  /// Completes a reply that is_sent(), which leaves at `sent_at`, and writes it to `out`, which has
  /// room for as many bytes as the request has. Returns its size, which is never larger than the
  /// request's. Returns 0, and changes the outcome, if it must not be sent: if the clock was set
  /// since the request arrived, or the MAC cannot be computed.
  std::size_t complete(NtpReply& reply, WallTime sent_at, MutableBytes out);

  /// Notes when a reply that wants_sent_time has left. `sent` ends with its bytes. Everything else
  /// is ignored.
  void note_sent(Bytes sent, WallTime sent_at);

  /// Returns true if note_sent() has not been called for each reply that wants_sent_time.
  bool expects_sent() const { return !leaving_.empty(); }

  /// The clock was set, and at `noticed_at` it was noticed. Forgets all replies, and refuses
  /// requests that arrived before.
  void note_clock_set(WallTime noticed_at);

 private:
  NtpTimestamp receive_stamp(WallTime received_at);
  NtpTimestamp transmit_stamp(WallTime sent_at);
  void expect_sent(NtpTimestamp receive_time);
  void answer_interleaved(const NtpPacket& request, NtpReply& reply);

  NtpResponderOptions options_;
  std::mt19937_64 random_;
  std::uint64_t fuzz_mask_;
  NtpTimestamp last_receive_{};
  WallTime valid_from_ = WallTime::min();  ///< Earlier times are of the clock before it was set.
  NtpSentTimes sent_times_;
  std::vector<NtpTimestamp> leaving_;  ///< The receive times of replies that note_sent() expects.
};

}  // namespace hotline::services
