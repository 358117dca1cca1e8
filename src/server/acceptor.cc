#include "server/acceptor.h"

#include <cerrno>

#include <algorithm>
#include <new>

#include "core/check.h"
#include "hotline/engine/clock.h"
#include "server/allowed_callers.h"
#include "server/retry_pause.h"

namespace hotline::server {
namespace {

// Pauses as in Go's net/http: doubled while accepts fail, reset after one succeeds.
constexpr Duration kPauseFirst = std::chrono::milliseconds(5);
constexpr Duration kPauseMax = std::chrono::seconds(1);

/// Returns true if the acceptor must stop. A wait without a deadline times out only if the
/// acceptor's own time is over.
bool is_over(const Error& error) {
  return error.kind == ErrorKind::draining || error.kind == ErrorKind::cancelled ||
         error.kind == ErrorKind::timed_out;
}

/// Returns null if the kernel does not know the caller.
std::unique_ptr<Identity> user_of(const Stream& call) {
  if (call.peer().transport() != Transport::unix_) return nullptr;
  const auto credentials = call.peer_credentials();
  return credentials ? std::make_unique<Identity>(Identity::of_user(*credentials)) : nullptr;
}

/// The reserve descriptor in use. Its destructor takes it back and ends the shedding, also if the
/// accept has thrown.
class LentReserve {
 public:
  explicit LentReserve(ServerState& state) : state_(state) { state_.reserve.release(); }
  LentReserve(const LentReserve&) = delete;
  LentReserve& operator=(const LentReserve&) = delete;
  ~LentReserve() {
    state_.reserve.restore();
    state_.is_shedding = false;
  }

 private:
  ServerState& state_;
};

}  // namespace

void Acceptor::run() {
  check_use(static_cast<bool>(listener_), "a listener that was moved from cannot accept");
  while (goes_on()) {
  }
  listener_.close();
}

bool Acceptor::goes_on() {
  try {
    return take_one();
  } catch (const std::bad_alloc&) {
    // Waits below, because a catch block must not wait.
  }
  service_.tally->count_refusal(Refusal::no_memory);
  state_.log(LogLevel::warning, "refused: no memory is left", service_.name, nullptr);
  return static_cast<bool>(sleep_for(kPauseFirst));
}

bool Acceptor::take_one() {
  auto call =
      listener_.accept(Deadline::never(), state_.has_plenty_of_room(service_) ? AcceptAhead::allowed
                                                                              : AcceptAhead::none);
  if (!call) return back_off(call.error());
  pause_ = {};
  try {
    std::unique_ptr<Identity> user = user_of(*call);
    CallSlot slot = admit(*call, user.get());
    return !slot || begin(AdmittedCall(std::move(*call), std::move(slot), std::move(user)));
  } catch (const std::bad_alloc&) {
    if (*call) call->abort();
    throw;
  }
}

/// The slot is empty if the call was refused.
CallSlot Acceptor::admit(Stream& call, const Identity* user) {
  if (!state_.reserve.restore()) {
    // This connection was given the reserved descriptor, so this one is refused.
    refuse(call, Refusal::no_descriptor, "refused: no descriptor is left");
    state_.reserve.restore();
    return {};
  }
  // Where nothing but the kernel says who calls, a refused caller costs no fiber, thread or
  // process.
  if (!service_.has_authentication() && !allows(service_, user)) {
    refuse(call, Refusal::not_allowed, kNotAllowed, {}, user);
    return {};
  }
  if (service_.has_authentication() && is_penalised(call.peer(), user)) {
    refuse_quietly(call, Refusal::penalised,
                   "refused: earlier callers from there did not authenticate",
                   state_.penalties_pace);
    return {};
  }
  CallSlot slot = CallSlot::admit(state_, call.peer());
  if (!slot) {
    refuse(call, Refusal::too_many_from_address, "refused: too many calls from this address");
  } else if (service_.has_authentication() && !slot.begin_authentication()) {
    refuse_quietly(call, Refusal::too_many_unauthenticated,
                   "refused: too many callers are not authenticated yet",
                   state_.unauthenticated_pace);
    return {};
  }
  return slot;
}

bool Acceptor::is_penalised(const Endpoint& peer, const Identity* user) const {
  if (state_.penalties.size() == 0) return false;
  const auto source = state_.source_to_penalise(peer, user);
  return source && state_.penalties.refuses(*source, now());
}

/// Returns true if another caller is to be accepted.
bool Acceptor::begin(AdmittedCall admitted) {
  // Counted here, not when the call begins to run: CallCount::one means the first caller, not the
  // first call that is scheduled. A caller that has to authenticate is counted when it has.
  OnlyCall only;
  const bool counts_now = !service_.has_authentication();
  if (counts_now ? !only.begin(state_) : state_.has_begun_one.load()) return false;
  // Accept a caller before taking room for it: an idle listener that held room would keep it from
  // the other listeners.
  if (!wait_for_room(admitted.slot)) return false;
  admitted.slot.begin(*service_.tally);
  if (counts_now) admitted.slot.note_served();
  only.keep();  // The end of the slot is the end of the call.
  start_(std::move(admitted));
  return !state_.has_begun_one;
}

bool Acceptor::wait_for_room(CallSlot& slot) {
  for (;;) {
    const auto room = slot.take_room();
    if (room) return true;
    if (is_over(room.error())) return false;
    // There is not even a descriptor to wait with: the calls in progress will release some.
    if (auto slept = sleep_for(kPauseFirst); !slept && is_over(slept.error())) return false;
  }
}

/// An orderly end would read as an empty reply.
void Acceptor::refuse(Stream& call, Refusal reason, std::string_view why, std::string_view detail,
                      const Identity* user) {
  call.abort();
  service_.tally->count_refusal(reason);
  state_.log(LogLevel::warning, why, service_.name, &call.peer(), detail, user);
}

/// Same as refuse(), for refusals that callers can cause as fast as they call: `pace` says which of
/// them are logged.
void Acceptor::refuse_quietly(Stream& call, Refusal reason, std::string_view why, LogPace& pace) {
  service_.tally->count_refusal(reason);
  if (const auto held = pace.pass(now())) {
    const std::string more = *held == 0 ? "" : std::to_string(*held) + " more since the last time";
    state_.log(LogLevel::warning, why, service_.name, &call.peer(), more);
  }
  call.abort();
}

/// Returns true if another attempt may succeed.
bool Acceptor::back_off(const Error& error) {
  if (is_over(error)) return false;
  const bool has_shed = error.native_code == EMFILE && shed();
  pause_ = has_shed ? kPauseFirst : std::clamp(2 * pause_, kPauseFirst, kPauseMax);
  state_.log(LogLevel::warning,
             has_shed ? "refused: no descriptor is left" : "cannot accept for now", service_.name,
             nullptr, error.message());
  return pause_before_retry(pause_);
}

/// Without a free descriptor the caller would wait until its own timeout, so it is reset at once.
/// Only one acceptor does this at a time, because the others would take the descriptor that is
/// released.
bool Acceptor::shed() {
  if (state_.is_shedding.exchange(true)) return false;
  const LentReserve lent(state_);
  auto told_off = listener_.accept(Deadline::at(now()));
  if (told_off) {
    told_off->abort();
    service_.tally->count_refusal(Refusal::no_descriptor);
  }
  return told_off.has_value();
}

}  // namespace hotline::server
