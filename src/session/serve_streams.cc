#include "hotline/session/serve_streams.h"

#include <memory>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/loop.h"
#include "hotline/engine/task_group.h"
#include "hotline/session/session.h"

namespace hotline {
namespace {

// How long to wait for the end of a peer whose session has ended.
constexpr Duration kFarewell = std::chrono::seconds(5);

void handle(SessionStream& stream, const SessionStreamHandler& handler) {
  try {
    handler(stream);
  } catch (...) {
    stream.reset(ResetCode::failed, "the handler failed");
    throw;
  }
}

void start_handler(TaskGroup& fibers, SessionStream stream, const SessionStreamHandler& handler) {
  // A spawn that fails drops its function, and with it the stream; this one says why.
  auto shared = std::make_shared<SessionStream>(std::move(stream));
  const auto spawned = fibers.spawn("session stream", [shared, &handler]() mutable {
    const std::shared_ptr<SessionStream> own = std::move(shared);
    handle(*own, handler);
  });
  if (!spawned) shared->reset(ResetCode::refused, "no fiber is left");
}

Result<void> serve_on_loop(Stream& call, const SessionOptions& options,
                           const SessionStreamHandler& handler) {
  auto session = Session::start(call, SessionRole::server, options);
  if (!session) return fail(std::move(session.error()));
  TaskGroup fibers;
  for (;;) {
    auto stream = session->accept();
    if (stream) {
      start_handler(fibers, std::move(*stream), handler);
      continue;
    }
    if (stream.error().kind != ErrorKind::draining) break;
    session->drain();
    // Those that were opened before are still accepted: then there is no wait.
  }
  if (auto joined = fibers.join(); !joined) return joined;
  const DrainHold hold;
  auto finished = session->finish(deadline_after(kFarewell));
  const bool is_late = !finished && finished.error().kind == ErrorKind::timed_out;
  return is_late ? Result<void>() : finished;
}

}  // namespace

Result<void> serve_streams(Stream& call, const SessionOptions& options,
                           const SessionStreamHandler& handler) {
  if (Loop::current()) return serve_on_loop(call, options, handler);
  Result<void> served;
  TaskGroup group;
  auto spawned = group.spawn("session", [&] { served = serve_on_loop(call, options, handler); });
  if (!spawned) return spawned;
  if (auto joined = group.join(); !joined && served) return joined;
  return served;
}

}  // namespace hotline
