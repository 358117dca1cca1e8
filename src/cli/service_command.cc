#include "cli/service_command.h"

#include "cli/wire_texts.h"
#include "hotline/services/command.h"

namespace hotline::cli {
namespace {

constexpr char kCommandHelp[] = R"(  hotline serve 'command=tcp://127.0.0.1:8090?wire=i32'
  hotline run 'tcp://127.0.0.1:8090?wire=i32' 'ls -l | wc -l'

Each request is run by a new shell, which is not a login shell and reads no start-up files, with a
clean environment and an empty standard input. The reply is what it wrote to standard error; if it
wrote nothing there, what it wrote to standard output; if it wrote nothing at all, 操作成功 ("operation
successful"), whether it succeeded or failed.

When a call ends, its command and every process that the command started are killed. If the full
output cannot be returned, the connection is reset and the server's log says why. A caller that
speaks HTTP, TLS or SSH is reset too, because a web page can make a browser call any port of this
machine.

Everybody who can call 'command' can do whatever the user who serves it can do. It therefore
listens only on the loopback and on UNIX sockets, unless --insecure is given. On UNIX sockets only
the server's own user and root are answered, unless the endpoint has allow=any, or mode= for a
path.

Its endpoints may have these options:

)";

Result<Handler> make_command(OptionTaker& taker, const ServiceNeeds& needs) {
  CommandOptions options;
  options.is_once = needs.calls == CallCount::one;
  options.is_exposed = true;  // serve_until_drained() itself refuses other machines.
  return command_maker(*needs.launcher, options)(taker);
}

}  // namespace

ServiceEntry command_service() {
  return {.name = "command",
          .summary = "runs shell commands and answers with their output",
          .transports = {"tcp", "tls", "unix", "fd"},
          .example = "command=tcp://127.0.0.1:8090?wire=i32",
          .help = kCommandHelp + two_columns(server_wire_options()),
          .make = make_command,
          .needs_launcher = true,
          .is_guarded = true};
}

}  // namespace hotline::cli
