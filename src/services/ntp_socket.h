#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/services/ntp.h"
#include "services/ntp_clock_source.h"
#include "services/ntp_responder.h"

namespace hotline::services {

using NtpOutcomeCounts = std::array<std::uint64_t, kNtpOutcomes>;

/// What the sockets of one NTP server share. Any thread.
struct NtpServer {
  NtpServer(const NtpOptions& how, NtpKeys known, std::shared_ptr<NtpClockSource> clock)
      : options(how), keys(std::move(known)), source(std::move(clock)), rates(how.rates) {}

  const NtpOptions options;
  const NtpKeys keys;
  const std::shared_ptr<NtpClockSource> source;
  SourceRates rates;
  std::atomic<bool> has_leader = false;  ///< One of the sockets follows the source and logs.
  std::atomic<std::size_t> sockets = 0;  ///< The last one logs the counts.
  std::array<std::atomic<std::uint64_t>, kNtpOutcomes> counts{};
};

/// Answers the NTP requests that arrive at one socket. One thread.
class NtpSocket {
 public:
  /// Both must outlive it.
  NtpSocket(NtpServer& server, DatagramSocket& socket);
  NtpSocket(const NtpSocket&) = delete;
  NtpSocket& operator=(const NtpSocket&) = delete;
  ~NtpSocket();

  /// Answers until it is drained or cancelled. Throws if the socket fails. Suspends the fiber.
  void run();

 private:
  void serve();
  void answer(std::span<const Datagram> requests);
  void refresh(const ClockReading& reading);
  void decide(const Datagram& datagram, const ClockReading& reading);
  void complete(const ClockReading& reading);
  void send();
  void note_sent();
  void note_clock_set(const ClockReading& reading);
  NtpAdmission admit(const SocketAddress& source, Instant now);
  void report(const NtpClockReport& clock);
  void log(LogLevel level, std::string_view message, std::string detail) const;
  void count(NtpOutcome outcome) { ++counts_[static_cast<std::size_t>(outcome)]; }
  void publish_counts();

  NtpServer& server_;
  DatagramSocket& socket_;
  NtpResponder responder_;
  bool is_leader_;

  NtpPacket clock_{};  ///< What replies say of the clock.
  std::optional<ClockReading> refreshed_at_{};
  std::optional<std::string> reported_{};  ///< The reason in the log, empty if synchronised.
  std::optional<ClockReading> last_reading_{};

  /// The replies to one batch, and the requests whose places they take.
  struct Pending {
    NtpReply reply;
    const Datagram* request;
  };
  std::vector<Pending> pending_;
  std::vector<OutgoingDatagram> outgoing_;
  Duration each_send_{};  ///< How long the system needs to send one reply of a batch.
  std::uint64_t requests_over_rate_ = 0;
  NtpOutcomeCounts counts_{};
};

}  // namespace hotline::services
