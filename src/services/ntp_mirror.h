#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "hotline/services/ntp_report.h"
#include "services/ntp_clock_source.h"

namespace hotline::services {

/// The state of the clock as the NTP server knows it that sets the clock. That server is asked
/// every second. After the clock was set, the state is unknown until that server has updated it.
class NtpMirror final : public NtpClockSource {
 public:
  /// Without an answer for so long the state is not known any more.
  static constexpr Duration kSilenceMax = std::chrono::seconds(10);

  /// Returns a mirror of `server`, which is written `HOST` or `HOST:PORT`. Fails with
  /// `invalid_argument`.
  static Result<std::shared_ptr<NtpMirror>> of(std::string_view server);

  /// `uri` is that of the server.
  explicit NtpMirror(std::string uri) : uri_(std::move(uri)) {}

  NtpClockReport report(const ClockReading& now) override;
  bool is_own_request(NtpTimestamp transmit_time) override;
  void follow() override;

  /// Takes the result of one question.
  void take(const Result<NtpSample>& answer);

 private:
  void take_good(const NtpSample& sample);

  const std::string uri_;
  std::atomic<std::uint64_t> asked_ = 0;     ///< The transmit time of the last request.
  std::atomic<bool> has_come_back_ = false;  ///< That request has reached this server.
  std::mutex mutex_;
  std::optional<NtpSample> sample_{};      ///< The last one of this machine's clock.
  std::optional<ClockReading> read_at_{};  ///< The last reading of the clock.
  std::optional<WallTime> set_at_{};       ///< It was set, and not updated since.
  std::optional<Error> error_{};           ///< Why there is none, or no newer one.
};

}  // namespace hotline::services
