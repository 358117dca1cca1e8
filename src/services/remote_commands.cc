#include "hotline/services/remote_commands.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "hotline/engine/loop.h"
#include "hotline/engine/task_group.h"
#include "hotline/server/call_refused.h"
#include "hotline/session/serve_streams.h"
#include "services/command_protocol.h"
#include "services/remote_request.h"
#include "services/remote_service.h"

namespace hotline {
namespace {

using services::RemoteCall;
using services::RemoteRequest;
using services::RemoteService;

// Requests on one connection beside its commands, so that one too many is refused, not stalled.
constexpr std::size_t kOtherRequestsMax = 1024;

// The most that a session can have.
constexpr std::size_t kStreamsMax = 65'536;

/// Returns under which name the caller's commands are counted and its jobs are found.
std::string caller_of(const CallInfo& info) {
  const Identity* const identity = info.identity();
  return identity == nullptr ? "anonymous" : identity->name;
}

SessionOptions session_options(std::size_t commands_max) {
  SessionOptions session = services::command_session_options(SessionRole::server);
  session.streams_max = static_cast<std::uint32_t>(
      std::min(commands_max, kStreamsMax - kOtherRequestsMax) + kOtherRequestsMax);
  return session;
}

void serve_call(RemoteService& service, Stream& stream, const CallInfo& info) {
  const Identity* const identity = info.identity();
  const RemoteCall call{.service = service,
                        .caller = caller_of(info),
                        .identity = identity == nullptr ? std::string() : identity->to_string(),
                        .endpoint = info.peer().to_string()};
  const auto served =
      serve_streams(stream, session_options(service.options.commands_max),
                    [&](SessionStream& request) { RemoteRequest(call, request).answer(); });
  if (!served) throw CallRefused(served.error());
}

std::string jobs_text(const RemoteService& service) {
  const std::size_t running = service.jobs.running_count();
  if (running == 0) return {};
  return std::to_string(running) + (running == 1 ? " job" : " jobs");
}

}  // namespace

Handler remote_commands(Launcher& launcher, const RemoteCommandsOptions& options) {
  const auto service = std::make_shared<RemoteService>(launcher, options);
  Handler handler([service](Stream& stream, const CallInfo& info) {
    if (Loop::current()) return serve_call(*service, stream, info);
    TaskGroup own_loop;
    const auto spawned = own_loop.spawn("commands", [&] { serve_call(*service, stream, info); });
    if (!spawned) throw CallRefused(spawned.error());
    discard(own_loop.join());
  });
  if (options.jobs_max > 0) {
    handler.beside([service] { service->runner.run(); }, [service] { return jobs_text(*service); });
  }
  return handler;
}

}  // namespace hotline
