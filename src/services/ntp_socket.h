#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
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
  /// A reply, and the request whose place it takes.
  struct Pending {
    NtpReply reply;
    const Datagram* request;
  };

  void serve();
  void watch();
  void answer(std::span<const Datagram> requests);
  void observe(const ClockReading& reading);
  void refresh(const ClockReading& reading);
  void decide(const Datagram& datagram, const ClockReading& reading);
  void refuse(std::span<const Pending> replies);
  bool complete(std::span<Pending> replies, const ClockReading& reading);
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
  std::mt19937_64 random_;
  bool is_leader_;

  NtpPacket clock_{};                      ///< What replies say of the clock.
  std::optional<std::string> reported_{};  ///< The reason in the log, empty if synchronised.
  ClockReading last_reading_{};
  Instant refreshed_at_{};
  std::vector<Pending> pending_;
  std::vector<OutgoingDatagram> outgoing_;
  NtpOutcomeCounts counts_{};
};

}  // namespace hotline::services
