#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/endpoint.h"
#include "hotline/services/ntp_report.h"

// Outside of what is exported.
namespace hotline::services {
struct NtpClientAccess;
}  // namespace hotline::services

namespace hotline HOTLINE_PUBLIC {

/// A key that the client and the server share.
struct NtpKeyChoice {
  std::string file;      ///< The path of a key file: docs/wire/ntp.md. Only its owner may read it.
  std::uint32_t id = 0;  ///< The number of the key in it.
};

/// How an NtpClient asks.
struct NtpClientOptions {
  std::size_t samples = 4;  ///< How many measure() takes, at least 1.
  /// The time from one request to the next, at least 1 ms. Many servers do not answer more often
  /// than every 2 s.
  Duration interval = std::chrono::seconds(2);
  Duration reply_timeout = std::chrono::seconds(2);  ///< How long to wait for one reply.
  std::uint8_t version = 4;                          ///< 1 to 4.
  /// Interleaved: a server that does not know this mode is asked in the basic one.
  NtpExchangeMode mode = NtpExchangeMode::basic;
  std::optional<NtpKeyChoice> key{};                    ///< Authenticates requests and replies.
  Duration connect_timeout = std::chrono::seconds(30);  ///< Covers the look-up of the name.
};

/// Asks an NTP server by how much the clock of this machine is wrong. It never sets the clock.
/// Waits as the calls of DatagramSocket do. Move only.
///
/// Each request has a random number, and only the reply with that number is accepted: other
/// datagrams are counted, and the wait goes on. A sample is discarded if the clock of this machine
/// was set, or the machine suspended, while the reply was on its way. A program that is stopped
/// in between gets a larger error bound, not a wrong offset.
class NtpClient {
 public:
  /// The port of NTP.
  static constexpr std::uint16_t kPort = 123;

  /// Returns the URI of a server that is written `HOST`, `HOST:PORT`, or as a URI, which is
  /// returned as it is. Options may follow, after `?`. An IPv6 address without a port needs no
  /// brackets.
  static std::string uri_of(std::string_view server);

  /// Connects to `uri`, such as `udp://192.0.2.1:123`. Fails with `invalid_argument` if the options
  /// are out of range, if the transport is not UDP, if the host is empty or the port 0, or if the
  /// key file or the key in it is wrong; and as read_private_file() and connect_datagrams() do.
  static Result<NtpClient> open(std::string_view uri, const NtpClientOptions& options = {});

  NtpClient(NtpClient&&) noexcept;
  NtpClient& operator=(NtpClient&&) noexcept;
  ~NtpClient();

  /// Sends one request and returns what its reply says. The first samples of the interleaved mode
  /// are basic ones. Fails with
  /// - `timed_out` if no reply comes in time, and `refused` if no program listens there,
  /// - `unsupported` if the server says that its clock is not synchronised,
  /// - `resource_exhausted` if the server asks to be asked less often (RATE),
  /// - `permission_denied` if it does not serve this client (DENY, RSTR) or refuses the key,
  /// - `protocol_violation` if the times of the reply contradict each other,
  /// - `system` if the clock of this machine was set in between, three times in a row,
  /// and otherwise as the calls of DatagramSocket do. The client stays usable.
  Result<NtpSample> ask();

  /// Asks several times and reports on the samples. It goes on after a lost reply, at most twice in
  /// a row, and doubles the interval when the server asks for that. If it has at least one sample
  /// and then cannot go on, because the third request in a row fails, the server refuses to answer,
  /// or the fiber is interrupted, it reports on those, and NtpReport::ended_early has the reason.
  /// Fails as ask() does without a sample, or if the server is not synchronised any more; and with
  /// `protocol_violation` if the samples contradict each other, because the clock of the server was
  /// set in between.
  Result<NtpReport> measure();

  /// Returns a report on the samples given, which this client has taken, as measure() does.
  Result<NtpReport> report_on(const std::vector<NtpSample>& samples) const;

  /// Returns the time from one request to the next: that of the options, doubled each time that the
  /// server has asked for a longer one (RATE), up to 17 minutes.
  Duration interval() const;

  const NtpCounts& counts() const;

  /// Returns the server's endpoint.
  const Endpoint& server() const;

 private:
  friend struct services::NtpClientAccess;
  struct State;
  explicit NtpClient(std::unique_ptr<State> state);
  void announce_requests(std::atomic<std::uint64_t>& number);
  Result<NtpReport> report_early(const std::vector<NtpSample>& samples, const Error& reason) const;

  std::unique_ptr<State> state_;
};

}  // namespace hotline
