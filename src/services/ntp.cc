#include "hotline/services/ntp.h"

#include <memory>
#include <utility>

#include "hotline/core/choice.h"
#include "hotline/core/rows.h"
#include "hotline/services/ntp_client.h"
#include "services/ntp_kernel_clock.h"
#include "services/ntp_keys.h"
#include "services/ntp_local_clock.h"
#include "services/ntp_mirror.h"
#include "services/ntp_socket.h"

namespace hotline {
namespace {

using services::NtpClockSource;
using services::NtpKeys;

constexpr std::size_t kStratumMax = services::NtpPacket::kStratumMax;

struct OverRateRow {
  NtpOverRate kind;
  Choice choice;
};

constexpr OverRateRow kOverRates[] = {
    {NtpOverRate::ignored, {"ignore", "ignore", "no answer"}},
    {NtpOverRate::kissed, {"kiss", "kiss", "the kiss-o'-death RATE"}},
};
static_assert(is_in_order(kOverRates, &OverRateRow::kind));

Result<void> take_over_rate(OptionTaker& taker, NtpOptions& options) {
  const auto name = taker.take("over-limit", Side::server);
  if (!name) return fail(name.error());
  if (!*name) return {};
  const OverRateRow* const row = find_row(kOverRates, **name);
  if (row == nullptr) {
    const auto choices = choices_of(kOverRates);
    const Error unknown = unknown_choice("over-limit", **name, choices);
    return fail(taker.refuse(unknown.message(), unknown.hint()));
  }
  options.over_rate = row->kind;
  if (options.rates.sources == LimitedSources::none) {
    return fail(taker.refuse("the option 'over-limit' has no effect without a limit",
                             "add limit=1/8s:8, or leave it out"));
  }
  return {};
}

/// Without a path there are no keys.
Result<std::shared_ptr<const NtpKeys>> read_keys(const std::string& path) {
  if (path.empty()) return std::make_shared<const NtpKeys>();
  auto keys = NtpKeys::read(path);
  if (!keys) return fail(std::move(keys.error()));
  return std::make_shared<const NtpKeys>(std::move(*keys));
}

Result<Reloaded> read_keys_again(const std::shared_ptr<services::NtpServer>& server) {
  auto keys = read_keys(server->options.keys_file);
  if (!keys) return fail(std::move(keys.error()));
  return [server, keys = std::move(*keys)] { server->set_keys(keys); };
}

Result<std::shared_ptr<NtpClockSource>> make_source(const NtpOptions& options) {
  if (options.local_stratum) {
    return std::make_shared<services::NtpLocalClock>(*options.local_stratum);
  }
  if (options.mirror.empty()) return std::make_shared<services::NtpKernelClock>();
  auto mirror = services::NtpMirror::of(options.mirror);
  if (!mirror) return fail(std::move(mirror.error()));
  return std::move(*mirror);
}

/// Returns true if the text of `own` and `mirror` shows that they are one socket.
bool is_same_socket(const Endpoint& own, const Endpoint& mirror) {
  if (own.transport() != mirror.transport() || own.port() != mirror.port()) return false;
  const std::string& host = own.host();
  const bool is_every_address = host.empty() || host == "0.0.0.0" || host == "::";
  return host == mirror.host() || (is_every_address && mirror.is_local());
}

/// Checks that NTP can be served at the endpoint of `taker` with `options`.
Result<void> check_endpoint(const OptionTaker& taker, const NtpOptions& options) {
  const Endpoint& own = taker.endpoint();
  if (own.transport() == Transport::unixgram) {
    return fail(taker.refuse("NTP goes over udp only", "write udp://HOST:PORT"));
  }
  if (options.mirror.empty()) return {};
  const auto mirror = Endpoint::parse(NtpClient::uri_of(options.mirror));
  if (!mirror || !is_same_socket(own, *mirror)) return {};
  return fail(taker.refuse("the option 'mirror' names this endpoint itself",
                           "name the server that sets the clock of this machine, at another "
                           "address or port"));
}

}  // namespace

Result<NtpOptions> NtpOptions::take_from(OptionTaker& taker, NtpOptions options) {
  if (auto taken = taker.take_text("mirror", options.mirror, Side::server); !taken)
    return fail(taken.error());
  const auto stratum = taker.take_number("local-stratum", 1, kStratumMax, Side::server);
  if (!stratum) return fail(stratum.error());
  if (*stratum) options.local_stratum = static_cast<std::uint8_t>(**stratum);
  if (auto taken = taker.take_text("keys", options.keys_file, Side::server); !taken)
    return fail(taken.error());
  auto rates = SourceRateOptions::take_from(taker, options.rates);
  if (!rates) return fail(std::move(rates.error()));
  options.rates = *rates;
  if (auto taken = take_over_rate(taker, options); !taken) return fail(std::move(taken.error()));
  return options;
}

Result<void> NtpOptions::check() const {
  constexpr std::string_view kServe = "serve the time of";
  if (!mirror.empty() && local_stratum) {
    return fail(make_error(ErrorKind::invalid_argument, kServe, mirror,
                           "a mirror and a local stratum exclude each other",
                           "leave out one of the two"));
  }
  if (local_stratum && (*local_stratum < 1 || *local_stratum > kStratumMax)) {
    return fail(make_error(ErrorKind::invalid_argument, kServe, "this machine",
                           "the stratum " + std::to_string(*local_stratum) + " does not exist",
                           "it is from 1 to 15"));
  }
  return rates.check();
}

Result<Handler> ntp_handler(const NtpOptions& options) {
  if (auto checked = options.check(); !checked) return fail(std::move(checked.error()));
  auto keys = read_keys(options.keys_file);
  if (!keys) return fail(std::move(keys.error()));
  auto source = make_source(options);
  if (!source) return fail(std::move(source.error()));
  const auto server =
      std::make_shared<services::NtpServer>(options, std::move(*keys), std::move(*source));
  Handler handler([server](DatagramSocket& socket) { services::NtpSocket(*server, socket).run(); });
  if (!options.keys_file.empty()) {
    handler.reload([server] { return read_keys_again(server); });
  }
  return handler.steer_by_source();
}

HandlerMaker ntp_maker(const NtpOptions& defaults) {
  return [defaults](OptionTaker& taker) -> Result<Handler> {
    auto options = NtpOptions::take_from(taker, defaults);
    if (!options) return fail(std::move(options.error()));
    if (auto fits = check_endpoint(taker, *options); !fits) return fail(std::move(fits.error()));
    return ntp_handler(*options);
  };
}

}  // namespace hotline
