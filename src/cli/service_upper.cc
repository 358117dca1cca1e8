#include "cli/service_upper.h"

#include "hotline/services/upper.h"

namespace hotline::cli {
namespace {

constexpr char kUpperHelp[] = R"(  hotline serve upper=tcp://127.0.0.1:8000
  hotline call tcp://127.0.0.1:8000 hello

With a framing ('hotline help framing'), each message has a reply of its own. Without one, whatever
arrives on a stream is answered at once.
)";

/// `stream` on streams, `message` on datagrams.
template <typename StreamFunction, typename MessageFunction>
Handler both(StreamFunction stream, MessageFunction message) {
  Handler handler(stream);
  handler.also(message);
  return handler;
}

Result<Handler> make_upper(OptionTaker&, const ServiceNeeds& needs) {
  if (needs.calls == CallCount::one) return both(upper_once, upper_message);
  return both(upper, UpperMessages());
}

}  // namespace

ServiceEntry upper_service() {
  return {.name = "upper",
          .summary = "answers with the same bytes, with a-z as A-Z",
          .transports = {"tcp", "tls", "udp", "unix", "unixgram", "fd"},
          .example = "upper=tcp://127.0.0.1:8000",
          .help = kUpperHelp,
          .make = make_upper};
}

}  // namespace hotline::cli
