#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/clock.h"
#include "hotline/net/option_taker.h"
#include "hotline/server/handler.h"
#include "hotline/server/source_rates.h"
#include "hotline/services/time_locale.h"
#include "hotline/services/time_zone.h"

namespace hotline HOTLINE_PUBLIC {

/// How the reply to a malformed format begins. The rest of it has no conversion.
inline constexpr std::string_view kTimeErrorPrefix = "error: ";

/// What the service `time` shows, and how often.
struct TimeOptions {
  std::optional<TimeZone> zone{};  ///< Unset: TimeZone::local().
  TimeLocale locale{};
  SourceRateOptions rates{};  ///< For datagrams.
  std::function<std::chrono::system_clock::time_point()> clock = wall_clock_now;

  /// Returns `defaults` with the values of a server's options `tz`, `locale` and `limit`, which it
  /// takes. Fails with `invalid_argument`. Reads files, and blocks while it does.
  static Result<TimeOptions> take_from(OptionTaker& taker, TimeOptions defaults);
};

/// The service on messages, a message handler: a message is a format of strftime(3), and the reply
/// is the local time in it. An empty message stands for `%Y-%m-%d-%X`. A malformed format is
/// answered with one line that begins with `error: `. docs/wire/time.md.
///
/// A reply has at most 256 bytes. Datagrams are not answered if they come from a port below 1024,
/// if their source has no token left, or if they are an error text of this service. Two servers
/// that a forged datagram makes answer each other stop: of equal datagrams without a conversion
/// that follow each other within a second, only the first 63 are answered. Copies share all state.
/// Any thread.
class TimeMessages {
 public:
  /// Fails as TimeZone::local() does, if `options` have no zone.
  static Result<TimeMessages> make(TimeOptions options);

  Reply operator()(const Message& message) const;

 private:
  struct State;
  explicit TimeMessages(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

/// Makes the handler of the service with the options of its endpoint.
HandlerMaker time_maker(const TimeOptions& defaults = {});

}  // namespace hotline
