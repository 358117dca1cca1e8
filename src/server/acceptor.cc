#include "server/acceptor.h"

#include <cerrno>

#include <algorithm>
#include <new>

#include "hotline/engine/clock.h"
#include "server/allowed_users.h"

namespace hotline::server {
namespace {

// As Go's net/http: doubled while accepting fails, forgotten when it succeeds.
constexpr Duration kPauseFirst = std::chrono::milliseconds(5);
constexpr Duration kPauseMax = std::chrono::seconds(1);

}  // namespace

void Acceptor::run() {
  while (goes_on()) {
  }
  listener_.close();
}

bool Acceptor::goes_on() {
  try {
    return take_one();
  } catch (const std::bad_alloc&) {
    // Below: nothing waits within a catch.
  }
  shared_.log(LogLevel::warning, "refused: no memory is left", service_.name, nullptr);
  return static_cast<bool>(sleep_for(kPauseFirst));
}

bool Acceptor::take_one() {
  auto call = listener_.accept(Deadline::never(), shared_.has_plenty_of_room(service_)
                                                      ? AcceptAhead::allowed
                                                      : AcceptAhead::none);
  if (!call) return back_off(call.error());
  pause_ = {};
  if (!shared_.reserve.restore()) {
    // This call has the descriptor by which others are to be told off: it is the one.
    call->abort();
    shared_.reserve.restore();
    return true;
  }
  if (auto allowed = check_user(service_, *call); !allowed) {
    shared_.log(LogLevel::warning, "refused: a caller of another user", service_.name,
                &call->peer(), allowed.error().message());
    call->abort();
    return true;
  }
  if (!shared_.admission.admit(call->peer())) {
    shared_.log(LogLevel::warning, "refused: too many calls from this address", service_.name,
                &call->peer());
    return true;
  }
  // Counted here, not when the call begins to run: one call means the first caller, not the first
  // scheduled.
  if (!shared_.begin_call()) return false;
  // One caller is taken before there is room for it: a listener that waited for room with room in
  // its hands would keep it from the others.
  if (!wait_for_room()) return false;
  shared_.started.fetch_add(1, std::memory_order_relaxed);
  shared_.active.fetch_add(1, std::memory_order_relaxed);
  start_(std::move(*call));
  return shared_.options.calls == CallCount::unlimited;
}

bool Acceptor::wait_for_room() {
  for (;;) {
    const auto room = shared_.admission.take_room();
    if (room) return true;
    if (room.error().kind == ErrorKind::cancelled) return false;
    // Not even a descriptor to wait with: the calls under way will give some back.
    if (!sleep_for(kPauseFirst)) return false;
  }
}

bool Acceptor::back_off(const Error& error) {
  if (error.kind == ErrorKind::draining || error.kind == ErrorKind::cancelled) return false;
  const bool has_shed = error.native_code == EMFILE && shed();
  pause_ = has_shed ? kPauseFirst : std::clamp(2 * pause_, kPauseFirst, kPauseMax);
  shared_.log(LogLevel::warning,
              has_shed ? "refused: no descriptor is left" : "cannot accept for now", service_.name,
              nullptr, error.message());
  return static_cast<bool>(sleep_for(pause_));
}

/// Without a descriptor left the caller would wait in vain: better one that is told at once. One
/// acceptor at a time, for the others would take the descriptor that is given up.
bool Acceptor::shed() {
  if (shared_.is_shedding.exchange(true)) return false;
  shared_.reserve.release();
  const bool has_told_one = listener_.accept(Deadline::at(now())).has_value();
  shared_.reserve.restore();
  shared_.is_shedding = false;
  return has_told_one;
}

}  // namespace hotline::server
