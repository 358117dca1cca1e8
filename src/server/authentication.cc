#include "server/authentication.h"

#include <new>
#include <optional>
#include <string>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "net/stream_access.h"
#include "server/allowed_callers.h"
#include "server/call.h"

namespace hotline::server {
namespace {

/// Returns what a caller is to be penalised for that caused an error of `kind`, if for anything:
/// not for a drain, or for what this machine or the authenticator lacks.
std::optional<Misconduct> misconduct_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::permission_denied:
    case ErrorKind::protocol_violation:
    case ErrorKind::too_large: return Misconduct::failed_authentication;
    case ErrorKind::closed:
    case ErrorKind::reset:
    case ErrorKind::truncated: return Misconduct::no_authentication;
    case ErrorKind::timed_out: return Misconduct::timed_out;
    default: return std::nullopt;
  }
}

/// Returns how `call` itself has ended, if it has: `reason` may be about another connection, such
/// as one of the authenticator to its own server.
std::optional<ErrorKind> own_end_of(const Stream& call) {
  const Error* const end = call ? net::StreamAccess::end_of(call) : nullptr;
  return end == nullptr ? std::nullopt : std::optional(end->kind);
}

/// Same as misconduct_of(), for the authentication of `call` that ended for `reason`. The caller is
/// to blame for a connection that ended, or for a wait that was too long, only if it was its own.
std::optional<Misconduct> misconduct_in(const Stream& call, const Error& reason) {
  const auto misconduct = misconduct_of(reason.kind);
  if (misconduct == Misconduct::failed_authentication) return misconduct;
  const auto own_end = own_end_of(call);
  return own_end && misconduct_of(*own_end) == misconduct ? misconduct : std::nullopt;
}

/// A caller that hangs up, or a drain, refuses nothing: that is logged as the end of any call.
bool is_refusal(const Stream& call, const Error& reason) {
  switch (reason.kind) {
    case ErrorKind::closed:
    case ErrorKind::reset: return own_end_of(call) != reason.kind;
    case ErrorKind::draining:
    case ErrorKind::cancelled: return false;
    default: return true;
  }
}

/// Returns what the caller of `stream` has proved, if anything.
Result<std::optional<Identity>> identify(const Service& service, Stream& stream) {
  if (auto opened = stream.handshake(); !opened) return fail(std::move(opened.error()));
  std::optional<Identity> identity = stream.identity();
  const Authenticator& authenticator = service.handler.authenticator();
  if (!authenticator) return identity;
  auto found = as_handler([&] { return authenticator(stream); });
  if (!found) return fail(std::move(found.error()));
  // A challenge proves no name: one that TLS has proved stays.
  if (!service.challenge || !identity) identity = std::move(*found);
  return identity;
}

/// The process that the kernel reports is kept beside what the caller has proved.
void note_identity(AdmittedCall& call, std::optional<Identity> proved) {
  if (!proved) return;
  if (call.identity) proved->credentials = call.identity->credentials;
  call.identity = std::make_unique<Identity>(std::move(*proved));
}

/// Penalises, counts and logs that the authentication of `call`, a call of `peer`, ended for
/// `reason`.
void report(ServerState& state, const Service& service, const AdmittedCall& call,
            const Endpoint& peer, const Error& reason) noexcept try {
  const Identity* const identity = call.identity.get();
  if (const auto misconduct = misconduct_in(call.stream, reason)) {
    const auto source = state.source_to_penalise(peer, identity);
    if (source) state.penalties.add(*source, *misconduct, now());
  }
  if (!is_refusal(call.stream, reason)) return;
  service.tally->count_refusal(Refusal::not_authenticated);
  state.log(LogLevel::warning, "refused: not authenticated", service.name, &peer, reason.message(),
            identity);
} catch (const std::bad_alloc&) {
  // The caller is refused, without a penalty or a line in the log.
}

}  // namespace

bool authenticate(ServerState& state, const Service& service, AdmittedCall& call) noexcept {
  Endpoint peer;
  bool is_known = false;
  CallEnd end = guard(state, service, kAuthenticatorFailed, peer, [&]() -> Result<void> {
    // A copy: the authenticator may take the stream for itself.
    peer = call.stream.peer();
    const DeadlineScope bounded(deadline_after(state.options.authentication_timeout));
    auto identity = identify(service, call.stream);
    if (!identity) return fail(std::move(identity.error()));
    note_identity(call, std::move(*identity));
    is_known = true;
    return {};
  });
  if (is_known && call.stream) {
    call.slot.end_authentication();
    return true;
  }
  if (end.reason) report(state, service, call, peer, *end.reason);
  end.manner = CallEnd::Manner::broken;
  end_call(state, service, call.stream, call.identity.get(), end);
  return false;
}

bool authorise(ServerState& state, const Service& service, AdmittedCall& call) noexcept {
  const Identity* const identity = call.identity.get();
  const Endpoint& peer = call.stream.peer();
  if (allows(service, identity)) {
    service.tally->authenticated.fetch_add(1, std::memory_order_relaxed);
    if (state.wants_debug()) {
      state.log(LogLevel::debug, "authenticated", service.name, &peer, {}, identity);
    }
    return true;
  }
  service.tally->count_refusal(Refusal::not_allowed);
  state.log(LogLevel::warning, kNotAllowed, service.name, &peer, {}, identity);
  end_call(state, service, call.stream, identity, {CallEnd::Manner::broken, {}});
  return false;
}

}  // namespace hotline::server
