#include "hotline/services/time.h"

#include <string_view>
#include <utility>

#include "services/reply_loops.h"
#include "services/time_wire.h"

namespace hotline {

using services::ReplyLoops;

namespace {

// A client that asks for a text without a conversion gains nothing: this may be a server's reply.
constexpr std::uint32_t kTurnsOfTexts = 64;

// Services of the system answer there, and some of them answer anything.
constexpr std::uint16_t kFirstFreePort = 1024;

bool is_error_text(std::string_view text) {
  return text.starts_with(kTimeErrorPrefix) && services::may_be_time_reply(text);
}

Result<void> take_zone(OptionTaker& taker, TimeOptions& options) {
  const auto name = taker.take("tz", Side::server);
  if (!name) return fail(name.error());
  if (!*name) return {};
  auto zone = TimeZone::find(**name);
  if (!zone) {
    return fail(taker.refuse("the option 'tz': " + zone.error().message(), zone.error().hint()));
  }
  options.zone = std::move(*zone);
  return {};
}

Result<void> take_locale(OptionTaker& taker, TimeOptions& options) {
  const auto name = taker.take("locale", Side::server);
  if (!name) return fail(name.error());
  if (!*name) return {};
  auto locale = TimeLocale::find(**name);
  if (!locale) {
    return fail(
        taker.refuse("the option 'locale': " + locale.error().message(), locale.error().hint()));
  }
  options.locale = std::move(*locale);
  return {};
}

}  // namespace

Result<TimeOptions> TimeOptions::take_from(OptionTaker& taker, TimeOptions options) {
  if (auto taken = take_zone(taker, options); !taken) return fail(std::move(taken.error()));
  if (auto taken = take_locale(taker, options); !taken) return fail(std::move(taken.error()));
  auto rates = SourceRateOptions::take_from(taker, options.rates);
  if (!rates) return fail(std::move(rates.error()));
  options.rates = *rates;
  return options;
}

struct TimeMessages::State {
  State(TimeOptions given, TimeZone used)
      : options(std::move(given)), zone(std::move(used)), rates(options.rates) {}

  bool answers(const Message& message);

  TimeOptions options;
  TimeZone zone;
  SourceRates rates;
  ReplyLoops loops{kTurnsOfTexts, ReplyLoops::After::stays_due};
};

TimeMessages::TimeMessages(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<TimeMessages> TimeMessages::make(TimeOptions options) {
  if (!options.zone) {
    auto local = TimeZone::local();
    if (!local) return fail(std::move(local.error()));
    options.zone = std::move(*local);
  }
  TimeZone zone = *options.zone;
  return TimeMessages(std::make_shared<State>(std::move(options), std::move(zone)));
}

bool TimeMessages::State::answers(const Message& message) {
  if (message.is_truncated()) return false;
  const std::string_view request = as_text(message.bytes());
  const DatagramRoute* route = message.route();
  if (route == nullptr) return true;
  // A UNIX socket has none.
  const std::uint16_t port = route->port();
  if (port != 0 && port < kFirstFreePort) return false;
  if (is_error_text(request)) return false;
  const Instant time = now();
  const bool may_be_reply = services::may_be_time_reply(request);
  if (may_be_reply && loops.is_due(ReplyLoops::key_of(message), time)) return false;
  return rates.allow(route->peer, time);
}

Reply TimeMessages::operator()(const Message& message) const {
  if (!state_->answers(message)) return {};
  services::TimeReply reply = services::answer_time(
      as_text(message.bytes()), state_->zone, state_->options.locale, state_->options.clock());
  Reply made(std::move(reply.text));
  return reply.is_error ? std::move(made).as_error() : std::move(made);
}

HandlerMaker time_maker(const TimeOptions& defaults) {
  return [defaults](OptionTaker& taker) -> Result<Handler> {
    auto options = TimeOptions::take_from(taker, defaults);
    if (!options) return fail(std::move(options.error()));
    auto messages = TimeMessages::make(std::move(*options));
    if (!messages) return fail(std::move(messages.error()));
    return Handler(std::move(*messages));
  };
}

}  // namespace hotline
