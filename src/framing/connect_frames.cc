#include "hotline/framing/connect_frames.h"

#include <utility>

#include "hotline/net/socket_options.h"

namespace hotline {

Result<FrameStream> connect_frames(std::string_view uri, const ConnectOptions& options) {
  const auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return fail(endpoint.error());
  OptionTaker taker(*endpoint);
  const auto socket = SocketOptions::take_from(taker);
  if (!socket) return fail(socket.error());
  auto framing = Framing::take_from(taker);
  if (!framing) return fail(std::move(framing.error()));
  if (auto finished = taker.finish(); !finished) return fail(std::move(finished.error()));
  ConnectOptions own = options;
  if (socket->receive_max != 0) own.stream.receive_max = socket->receive_max;
  auto stream = connect(*endpoint, own);
  if (!stream) return fail(std::move(stream.error()));
  return FrameStream(std::move(*stream), std::move(*framing));
}

}  // namespace hotline
