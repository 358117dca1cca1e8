#include "hotline/auth/connect_authenticated.h"

#include <optional>
#include <utility>

#include "hotline/net/target.h"

namespace hotline {

void answer_on_connect(ConnectOptions& options, Challenge challenge) {
  options.on_connected = [challenge = std::move(challenge),
                          next = std::move(options.on_connected)](Stream& stream) -> Result<void> {
    auto answered = challenge.answer(stream);
    return answered && next ? next(stream) : answered;
  };
}

Result<Stream> connect_authenticated(std::string_view uri, const ConnectOptions& options) {
  std::optional<Challenge> challenge;
  const auto take_challenge = [&](OptionTaker& taker) -> Result<void> {
    auto taken = Challenge::take_from(taker);
    if (!taken) return fail(std::move(taken.error()));
    challenge = *std::move(taken);
    return {};
  };
  auto target = Target::parse(uri, options.socket, take_challenge, Side::client);
  if (!target) return fail(std::move(target.error()));
  ConnectOptions own = options;
  if (challenge) answer_on_connect(own, *std::move(challenge));
  return connect(*target, std::move(own));
}

}  // namespace hotline
