#include "hotline/session/serve_streams.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/loop.h"
#include "hotline/engine/semaphore.h"
#include "hotline/engine/task_group.h"
#include "hotline/session/session.h"

namespace hotline {
namespace {

// How long to wait for the peer after the last handler has ended.
constexpr Duration kFarewell = std::chrono::seconds(5);

/// Gives a place back when its handler has ended.
class Place {
 public:
  explicit Place(Semaphore& places) : places_(places) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { places_.release(); }

 private:
  Semaphore& places_;
};

void handle(SessionStream& stream, const SessionStreamHandler& handler) {
  try {
    handler(stream);
  } catch (...) {
    stream.reset(ResetCode::failed, "the handler failed");
    throw;
  }
}

void start_handler(TaskGroup& fibers, SessionStream stream, const SessionStreamHandler& handler,
                   Semaphore& places) {
  // A spawn that fails drops its function, and with it the stream; this one says why.
  auto shared = std::make_shared<SessionStream>(std::move(stream));
  const auto spawned = fibers.spawn("session stream", [shared, &handler, &places]() mutable {
    const Place place(places);
    const std::shared_ptr<SessionStream> own = std::move(shared);
    handle(*own, handler);
  });
  if (spawned) return;
  places.release();
  shared->reset(ResetCode::refused, "no fiber is left");
}

/// Waits for a place for a handler and then for a stream of the peer.
Result<SessionStream> next_stream(Session& session, Semaphore& places) {
  auto place = places.acquire(Deadline::never(), OnDrain::ends);
  if (!place) return fail(std::move(place.error()));
  auto stream = session.accept();
  if (!stream) places.release();
  return stream;
}

/// Starts a handler for each stream until none can follow.
void start_handlers(Session& session, TaskGroup& fibers, const SessionStreamHandler& handler,
                    Semaphore& places) {
  std::optional<DrainHold> hold;
  for (;;) {
    auto stream = next_stream(session, places);
    if (stream) {
      start_handler(fibers, std::move(*stream), handler, places);
      continue;
    }
    if (stream.error().kind != ErrorKind::draining) return;
    // Streams that were opened before are still handled.
    session.drain();
    hold.emplace();
  }
}

/// Waits for the end of a session whose streams are not used any more.
Result<void> finish(Session& session) {
  if (auto failure = session.failure()) return fail(std::move(*failure));
  const DrainHold hold;
  auto finished = session.finish(deadline_after(kFarewell));
  if (finished || finished.error().kind != ErrorKind::timed_out) return finished;
  if (auto failure = session.failure()) return fail(std::move(*failure));
  // A peer that keeps a connection on which nothing can follow has ended the session all the same.
  return session.stream_count() == 0 ? Result<void>() : finished;
}

Result<void> serve_on_loop(Stream& call, const SessionOptions& options,
                           const SessionStreamHandler& handler) {
  auto session = Session::start(call, SessionRole::server, options);
  if (!session) return fail(std::move(session.error()));
  Semaphore places(std::max<std::size_t>(options.streams_max, 1));
  TaskGroup fibers;
  start_handlers(*session, fibers, handler, places);
  std::exception_ptr thrown;
  Result<void> joined;
  try {
    joined = fibers.join();
  } catch (...) {
    thrown = std::current_exception();
  }
  if (!joined) return joined;
  auto finished = finish(*session);
  if (thrown) std::rethrow_exception(thrown);
  return finished;
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
