#include "cli/remote_connection.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "cli/refusal_hint.h"
#include "cli/report.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/loop.h"
#include "hotline/engine/signals.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {
namespace {

constexpr char kOtherWire[] =
    "is a service 'command' there, and with this wire? a server of the socket course needs "
    "?wire=plain, ready or i32 after the endpoint";

/// Adds that the wire may be another one. Until the first answer that is the likeliest reason.
Error with_wire_hint(Error error, const std::string& uri) {
  Result<void> hinted = with_refusal_hint(fail(std::move(error)), uri);
  std::string& advice = hinted.error().advice;
  advice = advice.empty() ? kOtherWire : advice + "; " + kOtherWire;
  return std::move(hinted.error());
}

/// The same as wait_remote(). A signal ends this program.
Result<void> wait_or_end(CommandClient& client, const std::string& uri, Signals& signals) {
  Result<void> ready;
  TaskGroup fibers;
  auto spawned = fibers.spawn("signals", [&] {
    if (const auto signal = signals.wait()) end_by_signal(*signal);
  });
  if (spawned) {
    spawned = fibers.spawn("hello", [&] {
      ready = wait_remote(client, uri);
      fibers.cancel();
    });
  }
  if (!spawned) return spawned;
  if (auto joined = fibers.join(); !joined) return joined;
  return ready;
}

Result<CommandClient> greet(Stream stream, Duration patience, const std::string& uri) {
  auto client = open_remote(std::move(stream), patience);
  if (!client) return client;
  if (auto ready = wait_remote(*client, uri); !ready) return fail(std::move(ready.error()));
  return client;
}

/// The thread of the session must not take the signals.
Result<CommandClient> greet_on_thread(Stream stream, Duration patience, const std::string& uri) {
  auto signals = Signals::block(without_ignored({SIGINT, SIGTERM}));
  if (!signals) return fail(std::move(signals.error()));
  auto client = open_remote(std::move(stream), patience);
  if (!client) return client;
  if (auto ready = wait_or_end(*client, uri, *signals); !ready) return fail(ready.error());
  return client;
}

}  // namespace

Result<CommandClient> open_remote(Stream stream, Duration patience) {
  CommandClientOptions options;
  options.hello_timeout = std::min(options.hello_timeout, patience);
  return CommandClient::open(std::move(stream), options);
}

Result<void> wait_remote(CommandClient& client, const std::string& uri) {
  auto ready = client.session().wait_ready();
  if (!ready) return fail(with_wire_hint(std::move(ready.error()), uri));
  return {};
}

Result<CommandClient> connect_remote(CommandTarget target, const std::string& uri) {
  const Duration patience = target.connecting.timeout;
  auto stream = connect(target.target, std::move(target.connecting));
  if (!stream) return fail(std::move(stream.error()));
  return Loop::current() ? greet(std::move(*stream), patience, uri)
                         : greet_on_thread(std::move(*stream), patience, uri);
}

Result<CommandTarget> parse_jobs_target(const std::string& uri, const std::string& home,
                                        Duration connect_timeout) {
  auto target = CommandTarget::parse(uri, home, connect_timeout);
  if (!target || target->command.wire == CommandWire::hotline) return target;
  return fail(usage_error("jobs need the wire 'hotline'", "leave out wire= of the endpoint"));
}

Result<CommandClient> connect_on_fiber(const std::string& uri, const std::string& home,
                                       Duration connect_timeout) {
  auto target = CommandTarget::parse(uri, home, connect_timeout);
  if (!target) return fail(std::move(target.error()));
  const Duration patience = target->connecting.timeout;
  auto stream = connect(target->target, std::move(target->connecting));
  if (!stream) return fail(std::move(stream.error()));
  auto client = open_remote(std::move(*stream), patience);
  if (!client) return client;
  if (auto ready = client->session().wait_ready(); !ready) return fail(std::move(ready.error()));
  return client;
}

}  // namespace hotline::cli
