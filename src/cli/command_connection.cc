#include "cli/command_connection.h"

#include <utility>

#include "cli/key_trust.h"
#include "hotline/auth/connect_authenticated.h"
#include "hotline/net/connect.h"
#include "hotline/net/target.h"
#include "hotline/services/command.h"

namespace hotline::cli {

Result<ShellLineClient> connect_command(const std::string& uri, const CommandConnection& options) {
  CommandOptions command;
  ConnectOptions connecting{.timeout = options.connect_timeout};
  const auto take_command = [&](OptionTaker& taker) -> Result<void> {
    auto taken = CommandOptions::take_from(taker, {});
    if (!taken) return fail(std::move(taken.error()));
    command = *std::move(taken);
    auto challenge = Challenge::take_from(taker);
    if (!challenge) return fail(std::move(challenge.error()));
    if (*challenge) answer_on_connect(connecting, **std::move(challenge));
    return {};
  };
  const auto target = Target::parse(uri, {}, take_command, Side::client);
  if (!target) return fail(target.error());
  connecting.tls = client_trust(options.home);
  auto stream = connect(*target, std::move(connecting));
  if (!stream) return fail(std::move(stream.error()));
  return ShellLineClient(std::move(*stream), {.wire = command.wire,
                                              .reply_max = command.reply_max,
                                              .timeout = options.timeout,
                                              .linger = options.linger});
}

}  // namespace hotline::cli
