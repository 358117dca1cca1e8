#include "cli/stream_target.h"

#include <utility>

#include "hotline/auth/connect_authenticated.h"

namespace hotline::cli {

Result<StreamTarget> StreamTarget::parse(std::string_view uri) {
  StreamTarget parsed;
  const auto take_others = [&](OptionTaker& taker) -> Result<void> {
    auto framing = Framing::take_from(taker);
    if (!framing) return fail(std::move(framing.error()));
    parsed.framing = *std::move(framing);
    auto challenge = Challenge::take_from(taker);
    if (!challenge) return fail(std::move(challenge.error()));
    parsed.challenge = *std::move(challenge);
    return {};
  };
  auto target = Target::parse(uri, {}, take_others, Side::client);
  if (!target) return fail(std::move(target.error()));
  parsed.target = *std::move(target);
  return parsed;
}

Result<Stream> StreamTarget::open(ConnectOptions options) const {
  if (challenge) answer_on_connect(options, *challenge);
  return connect(target, std::move(options));
}

}  // namespace hotline::cli
