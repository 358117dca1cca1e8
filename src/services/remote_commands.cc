#include "hotline/services/remote_commands.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "hotline/engine/loop.h"
#include "hotline/engine/task_group.h"
#include "hotline/server/call_refused.h"
#include "hotline/session/serve_streams.h"
#include "services/command_protocol.h"
#include "services/remote_request.h"

namespace hotline {
namespace {

using services::RemoteCall;
using services::RemoteRequest;
using services::RemoteService;

/// Returns under which name the caller's commands are counted and its jobs are found.
std::string caller_of(const CallInfo& info) {
  const Identity* const identity = info.identity();
  return identity == nullptr ? "anonymous" : identity->name;
}

SessionOptions session_options(const RemoteCommandsOptions& options) {
  SessionOptions session = services::command_session_options(SessionRole::server);
  session.streams_max =
      static_cast<std::uint32_t>(std::min<std::size_t>(options.commands_per_caller_max, 65'536));
  return session;
}

void serve_call(RemoteService& service, Stream& stream, const CallInfo& info) {
  const Identity* const identity = info.identity();
  TaskGroup jobs;
  RemoteCall call{.service = service,
                  .caller = caller_of(info),
                  .identity = identity == nullptr ? std::string() : identity->to_string(),
                  .endpoint = info.peer().to_string(),
                  .jobs = jobs};
  Result<void> served;
  std::exception_ptr thrown;
  try {
    served = serve_streams(stream, session_options(service.options),
                           [&](SessionStream& request) { RemoteRequest(call, request).answer(); });
  } catch (...) {
    thrown = std::current_exception();
  }
  if (jobs.size() > 0) {
    // They go on, whatever has become of a request; the client sees an end now.
    served && !thrown ? stream.close() : stream.abort();
    discard(jobs.join());
  }
  if (thrown) std::rethrow_exception(thrown);
  if (!served) throw CallRefused(served.error());
}

}  // namespace

InformedStreamHandler remote_commands(Launcher& launcher, const RemoteCommandsOptions& options) {
  const auto service = std::make_shared<RemoteService>(launcher, options);
  return [service](Stream& stream, const CallInfo& info) {
    if (Loop::current()) return serve_call(*service, stream, info);
    TaskGroup own_loop;
    const auto spawned = own_loop.spawn("commands", [&] { serve_call(*service, stream, info); });
    if (!spawned) throw CallRefused(spawned.error());
    discard(own_loop.join());
  };
}

}  // namespace hotline
