#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/services/ntp.h"
#include "services/ntp_clock_source.h"
#include "services/ntp_responder.h"

namespace hotline::services {

using NtpOutcomeCounts = std::array<std::uint64_t, kNtpOutcomes>;

/// What the sockets of one NTP server share. Any thread.
struct NtpServer {
  NtpServer(const NtpOptions& how, std::shared_ptr<const NtpKeys> known,
            std::shared_ptr<NtpClockSource> clock)
      : options(how), source(std::move(clock)), rates(how.rates), keys(std::move(known)) {}

  /// Replaces the keys. Requests that arrive from then on are checked with the new ones.
  void set_keys(std::shared_ptr<const NtpKeys> known) noexcept {
    const std::lock_guard lock(keys_mutex);
    keys.swap(known);
    ++keys_version;
  }

  std::shared_ptr<const NtpKeys> get_keys() const {
    const std::lock_guard lock(keys_mutex);
    return keys;
  }

  /// Returns true if the caller leads from now on: it follows the source, and logs what changes,
  /// until it sets has_leader to false.
  bool take_lead() { return !has_leader.exchange(true); }

  const NtpOptions options;
  const std::shared_ptr<NtpClockSource> source;
  SourceRates rates;
  mutable std::mutex keys_mutex;
  std::shared_ptr<const NtpKeys> keys;
  std::atomic<std::uint64_t> keys_version = 1;  ///< Changes with `keys`; read without the lock.
  std::atomic<bool> has_leader = false;
  std::optional<std::string> reported{};  ///< By the leader: its last reason in the log.
  std::atomic<std::size_t> sockets = 0;   ///< The last one logs the counts.
  std::array<std::atomic<std::uint64_t>, kNtpOutcomes> counts{};
  std::atomic<std::uint64_t> unsent = 0;  ///< Replies that are counted and could not be sent.
  std::atomic<std::uint64_t> lost = 0;    ///< Datagrams for which the sockets had no room.
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
  void watch(TaskGroup& group);
  void take_new_keys();
  void note_lost();
  void answer(std::span<const Datagram> requests);
  void observe(const ClockReading& reading);
  void refresh(const ClockReading& reading);
  void decide(const Datagram& datagram, const ClockReading& reading);
  static std::size_t group_of(std::span<const Pending> replies);
  void refuse(std::span<const Pending> replies);
  bool complete(std::span<Pending> replies, const ClockReading& reading);
  void send();
  void note_sent();
  void note_clock_set(const ClockReading& reading);
  NtpAdmission admit(const SocketAddress& source, Instant now);
  bool follows_itself(const NtpClockState& state);
  void report(const NtpClockReport& clock);
  void log(LogLevel level, std::string_view message, std::string detail) const;
  void count(NtpOutcome outcome) { ++counts_[static_cast<std::size_t>(outcome)]; }
  void publish_counts();

  NtpServer& server_;
  DatagramSocket& socket_;
  std::shared_ptr<const NtpKeys> keys_;
  std::uint64_t keys_version_ = 0;
  NtpResponder responder_;
  std::mt19937_64 random_;
  bool is_leader_ = false;

  NtpPacket clock_{};  ///< What replies say of the clock.
  std::uint32_t checked_reference_ = 0;
  bool is_own_reference_ = false;  ///< checked_reference_ is an address of this socket.
  ClockReading last_reading_{};
  Instant refreshed_at_{};
  std::vector<Pending> pending_;
  std::vector<OutgoingDatagram> outgoing_;
  NtpOutcomeCounts counts_{};
  std::uint64_t unsent_ = 0;
  std::uint32_t lost_ = 0;  ///< Since the socket was opened.
  std::optional<Instant> warned_at_{};
};

}  // namespace hotline::services
