#include "cli/command_connection.h"

#include <utility>

#include "hotline/net/connect.h"
#include "hotline/net/socket_options.h"
#include "hotline/services/command.h"

namespace hotline::cli {

Result<CommandClient> connect_command(const std::string& uri, const CommandConnection& options) {
  const auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return fail(endpoint.error());
  OptionTaker taker(*endpoint);
  const auto command = CommandOptions::take_from(taker, {});
  if (!command) return fail(command.error());
  const auto socket = SocketOptions::take_from(taker);
  if (!socket) return fail(socket.error());
  // The server's, so that both can be given the same endpoint.
  if (auto allowed = taker.take("allow"); !allowed) return fail(std::move(allowed.error()));
  if (auto finished = taker.finish(); !finished) return fail(std::move(finished.error()));
  ConnectOptions connecting;
  connecting.timeout = options.connect_timeout;
  connecting.stream.receive_max = socket->receive_max;
  auto stream = connect(*endpoint, connecting);
  if (!stream) return fail(std::move(stream.error()));
  return CommandClient(std::move(*stream), {.wire = command->wire,
                                            .reply_max = command->reply_max,
                                            .timeout = options.timeout,
                                            .linger = options.linger});
}

}  // namespace hotline::cli
