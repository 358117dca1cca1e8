#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hotline/core/log.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/option_taker.h"
#include "hotline/server/handler.h"
#include "hotline/server/source_rates.h"

namespace hotline HOTLINE_PUBLIC {

/// What a client gets that asks more often than NtpOptions::rates allow.
enum class NtpOverRate : std::uint8_t {
  ignored,  ///< No answer.
  kissed,   ///< The kiss-o'-death RATE, which asks it to ask less often.
};

/// How an NTP server answers, and what it says of its clock. docs/wire/ntp.md.
///
/// The clock is the one of this machine, which some other program sets. What the server says of it
/// comes from the kernel, unless one of `mirror` and `local_stratum` is given: whether it is
/// synchronised, and how wrong it may be. The kernel does not know the stratum, so that the server
/// says 10.
struct NtpOptions {
  /// `HOST` or `HOST:PORT` of the NTP server that sets this machine's clock, such as chronyd on the
  /// loopback. Stratum, leap, delay and dispersion are copied from its answers. If it does not
  /// answer, if its clock is another one, or if it takes its time from this server, this server
  /// says that it is not synchronised; also if it is this server itself.
  std::string mirror{};

  /// 1 to 15: states that the clock of this machine is right, whatever the kernel says, and that it
  /// has this stratum. For networks without a better clock, and for tests.
  std::optional<std::uint8_t> local_stratum{};

  /// The path of a file with keys, one in a line: `ID TYPE KEY`. Requests that have the MAC of one
  /// of them get a reply with a MAC. Empty: no keys.
  std::string keys_file{};

  /// How often each source is answered. Default: as often as it asks, because a reply is never
  /// larger than its request.
  SourceRateOptions rates{.sources = LimitedSources::none};
  NtpOverRate over_rate = NtpOverRate::ignored;

  LogSink* log = nullptr;  ///< Must outlive the server; null: nothing is logged.

  /// Returns `defaults` with the values of the server's options `mirror`, `local-stratum`, `keys`,
  /// `limit` and `over-limit`, which it takes.
  static Result<NtpOptions> take_from(OptionTaker& taker, NtpOptions defaults);

  /// Fails with `invalid_argument` if both `mirror` and `local_stratum` are given, or a value is
  /// out of range.
  Result<void> check() const;
};

/// Returns the handler of an NTP server (RFC 5905, with the interleaved mode of RFC 9769), for
/// `udp://` endpoints. It reads the keys file. Fails as NtpOptions::check() does, and if the file
/// cannot be used.
Result<Handler> ntp_handler(const NtpOptions& options = {});

/// Same as above, with the options of the endpoint. Also fails with `invalid_argument` if the
/// endpoint is not for UDP, or is the one that its `mirror` names.
HandlerMaker ntp_maker(const NtpOptions& defaults = {});

}  // namespace hotline
