#include "cli/command_connection.h"

#include <utility>

#include "cli/key_trust.h"
#include "hotline/auth/connect_authenticated.h"

namespace hotline::cli {

Result<CommandTarget> CommandTarget::parse(const std::string& uri, const std::string& home,
                                           Duration connect_timeout) {
  CommandTarget command;
  command.connecting.timeout = connect_timeout;
  command.connecting.tls = client_trust(home);
  const auto take_command = [&](OptionTaker& taker) -> Result<void> {
    auto taken = CommandOptions::take_from(taker, {});
    if (!taken) return fail(std::move(taken.error()));
    command.command = *std::move(taken);
    auto challenge = Challenge::take_from(taker);
    if (!challenge) return fail(std::move(challenge.error()));
    if (*challenge) answer_on_connect(command.connecting, **std::move(challenge));
    return {};
  };
  auto target = Target::parse(uri, {}, take_command, Side::client);
  if (!target) return fail(std::move(target.error()));
  command.target = *std::move(target);
  return command;
}

Result<ShellLineClient> connect_course(CommandTarget target, const ReplyWaits& waits) {
  auto stream = connect(target.target, std::move(target.connecting));
  if (!stream) return fail(std::move(stream.error()));
  return ShellLineClient(std::move(*stream), {.wire = target.command.wire,
                                              .reply_max = target.command.reply_max,
                                              .timeout = waits.timeout,
                                              .linger = waits.linger});
}

}  // namespace hotline::cli
