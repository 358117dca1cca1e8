#include "cli/service_command.h"

#include <algorithm>
#include <utility>

#include "cli/audit_file.h"
#include "cli/command_audit.h"
#include "cli/wire_texts.h"
#include "hotline/services/command.h"

namespace hotline::cli {
namespace {

constexpr char kCommandHelp[] =
    R"(  hotline serve 'command=unix:///run/commands.sock?audit=/var/log/commands.json'
  hotline run unix:///run/commands.sock -- ls -l
  hotline shell unix:///run/commands.sock

Runs programs with their arguments, and lines for the shell, many at once on one connection. The
caller can prove how each has ended and that all of its output has arrived. Each has a clean
environment, to which the caller may add variables, and the standard input that the caller sends.
When a command ends, is cancelled, or its caller is lost, every process that it has started is
killed.

On the wires of the socket course (wire=plain, ready or i32) each request is a line for a new shell,
which is not a login shell and reads no start-up files, with an empty standard input. The reply is
what it wrote to standard error; if it wrote nothing there, what it wrote to standard output; if it
wrote nothing at all, 操作成功 ("operation successful"), whether it succeeded or failed. If the full
output cannot be returned, the connection is reset and the server's log says why. A caller that
speaks HTTP, TLS or SSH is reset too, because a web page can make a browser call any port of this
machine.

Everybody who can call 'command' can do whatever the user who serves it can do. It therefore
listens only on the loopback and on UNIX sockets, unless --insecure is given. On UNIX sockets only
the server's own user and root are answered, unless the endpoint has allow=any, or mode= for a
path.

Its endpoints may have these options:

)";

bool is_remote(const Endpoint& endpoint) {
  const auto& options = endpoint.options();
  const auto wire = std::ranges::find(options, "wire", &EndpointOption::key);
  return wire == options.end() || wire->value == name_of(CommandWire::hotline);
}

/// Adds the audit to the options of an endpoint, and its file to what is read again at SIGHUP.
Result<Handler> make_audited(OptionTaker& taker, const ServiceNeeds& needs,
                             CommandOptions options) {
  // On the other wires the option is unknown.
  if (!is_remote(taker.endpoint())) return command_maker(*needs.launcher, options)(taker);
  auto audit = AuditFile::take_from(taker);
  if (!audit) return fail(std::move(audit.error()));
  if (*audit) {
    options.audit = [audit = *audit](const CommandRecord& each) {
      audit->write([&] { return audit_line(each); });
    };
  }
  auto handler = command_maker(*needs.launcher, options)(taker);
  if (handler && *audit) AuditFile::attach(*audit, *handler);
  return handler;
}

Result<Handler> make_command(OptionTaker& taker, const ServiceNeeds& needs) {
  CommandOptions options;
  options.is_once = needs.calls == CallCount::one;
  // A call in a process of its own could not find a job of another.
  if (needs.concurrency.kind == Concurrency::Kind::processes) options.jobs_max = 0;
  options.is_exposed = true;  // serve_until_drained() itself refuses other machines.
  return make_audited(taker, needs, std::move(options));
}

}  // namespace

ServiceEntry command_service() {
  return {.name = "command",
          .summary = "runs commands for its callers",
          .transports = {"tcp", "tls", "unix", "fd"},
          .example = "command=tcp://127.0.0.1:8090",
          .help = kCommandHelp + two_columns(server_wire_options()),
          .make = make_command,
          .needs_launcher = true,
          .is_guarded = true};
}

}  // namespace hotline::cli
