#include "server/acceptor.h"

#include <cerrno>

#include <algorithm>

#include "hotline/engine/clock.h"

namespace hotline::server {
namespace {

// As Go's net/http: doubled while accepting fails, forgotten when it succeeds.
constexpr Duration kPauseFirst = std::chrono::milliseconds(5);
constexpr Duration kPauseMax = std::chrono::seconds(1);

}  // namespace

void Acceptor::run() {
  while (take_one()) {
  }
  listener_.close();
}

bool Acceptor::take_one() {
  if (!shared_.admission.take_room()) return false;
  if (!is_taking()) {
    shared_.admission.give_room_back();
    return false;
  }
  auto call = listener_.accept();
  if (!call) {
    shared_.admission.give_room_back();
    return back_off(call.error());
  }
  pause_ = {};
  if (!shared_.admission.admit(call->peer())) {
    shared_.admission.give_room_back();
    shared_.log(LogLevel::warning, "refused: too many calls from this address", service_.name,
                &call->peer());
    return true;
  }
  // Counted here, not when the call begins to run: `one` means the first caller, not the first scheduled.
  shared_.calls.fetch_add(1, std::memory_order_relaxed);
  shared_.active.fetch_add(1, std::memory_order_relaxed);
  start_(std::move(*call));
  return is_taking();
}

bool Acceptor::is_taking() const {
  return shared_.options.calls == CallCount::unlimited ||
         shared_.calls.load(std::memory_order_relaxed) == 0;
}

bool Acceptor::back_off(const Error& error) {
  if (error.kind == ErrorKind::draining || error.kind == ErrorKind::cancelled) return false;
  pause_ = std::clamp(2 * pause_, kPauseFirst, kPauseMax);
  shared_.log(LogLevel::warning, "cannot accept for now", service_.name, nullptr, error.message());
  if (error.native_code == EMFILE) shed();
  return static_cast<bool>(sleep_for(pause_));
}

/// Without a descriptor left the caller would wait in vain: better one that is told at once.
void Acceptor::shed() {
  reserve_.release();
  { const auto told_off = listener_.accept(Deadline::at(now())); }
  reserve_.restore();
}

}  // namespace hotline::server
