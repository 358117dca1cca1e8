#include "hotline/framing/connect_frames.h"

#include <utility>

#include "hotline/net/target.h"

namespace hotline {

Result<FrameStream> connect_frames(std::string_view uri, const ConnectOptions& options) {
  Framing framing;
  const auto take_framing = [&](OptionTaker& taker) -> Result<void> {
    auto taken = Framing::take_from(taker);
    if (!taken) return fail(std::move(taken.error()));
    framing = *std::move(taken);
    return {};
  };
  auto target = Target::parse(uri, options.socket, take_framing, Side::client);
  if (!target) return fail(std::move(target.error()));
  auto stream = connect(*target, options);
  if (!stream) return fail(std::move(stream.error()));
  return FrameStream(std::move(*stream), std::move(framing));
}

}  // namespace hotline
