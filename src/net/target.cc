#include "hotline/net/target.h"

#include <algorithm>
#include <utility>

namespace hotline {

Result<Target> Target::parse(std::string_view uri, const SocketOptions& defaults,
                             const TakeOthers& take_others, std::optional<Side> side) {
  auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return fail(std::move(endpoint.error()));
  OptionTaker taker(*endpoint, side);
  auto socket = SocketOptions::take_from(taker, defaults);
  if (!socket) return fail(std::move(socket.error()));
  Result<TlsFiles> tls;
  if (is_protected(endpoint->transport())) tls = TlsFiles::take_from(taker, {});
  if (!tls) return fail(std::move(tls.error()));
  if (take_others) {
    if (auto taken = take_others(taker); !taken) return fail(std::move(taken.error()));
  }
  if (auto finished = taker.finish(); !finished) {
    Error& error = finished.error();
    const bool has_framing = std::ranges::any_of(
        endpoint->options(), [](const EndpointOption& each) { return each.key == "framing"; });
    if (has_framing && !take_others && !is_datagram(endpoint->transport())) {
      error.advice = "for messages, use connect_frames(), or a FrameStream over the stream";
    }
    return fail(std::move(error));
  }
  return Target{*std::move(endpoint), *std::move(socket), *std::move(tls)};
}

}  // namespace hotline
