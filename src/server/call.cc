#include "server/call.h"

#include <cassert>
#include <new>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/drain_hold.h"
#include "net/linger.h"
#include "net/stream_access.h"
#include "server/allowed_callers.h"
#include "server/framed_talk.h"

namespace hotline::server {
namespace {

/// The handler has finished, but the peer has not.
void linger(const ServerOptions& options, Stream& call) {
  const Error* const end = net::StreamAccess::end_of(call);
  if (!call.is_open() || (end != nullptr && end->kind != ErrorKind::draining)) return;
  // A drain ends the handler's wait, not this one.
  const DrainHold hold;
  net::linger(call, options.linger);
}

/// Returns true if the server was cut while the handler did anything other than wait for its
/// caller: the caller may then have only a part of the reply.
bool was_cut_amid(const Stream& call) {
  engine::Engine& engine = engine::Engine::current();
  engine.note_interrupts();
  return engine.scope().end_code == engine::kCancelEnd && !call.ended_with(ErrorKind::cancelled);
}

void end_in_good_order(const ServerOptions& options, Stream& call) {
  was_cut_amid(call) ? call.abort() : linger(options, call);
}

void log_end(const ServerState& state, const Service& service, const Stream& call,
             const Identity* identity, const CallEnd& ended) {
  const Error* const end = ended.reason ? &*ended.reason : net::StreamAccess::end_of(call);
  if (end == nullptr) {
    return state.log(LogLevel::debug, "call ended", service.name, &call.peer(), {}, identity);
  }
  const bool is_orderly = end->kind == ErrorKind::closed || end->kind == ErrorKind::draining;
  // Warns if the peer does not speak the protocol, which is a mistake, or if a limit was reached,
  // which an administrator may raise.
  const bool is_mistake = end->kind == ErrorKind::protocol_violation ||
                          end->kind == ErrorKind::too_large ||
                          end->kind == ErrorKind::resource_exhausted;
  state.log(is_mistake ? LogLevel::warning : LogLevel::debug, "call ended", service.name,
            &call.peer(), is_orderly ? std::string(name_of(end->kind)) : end->message(), identity);
}

/// A peer that hangs up, or a drain, refuses nothing: that is logged as the end of any call.
bool is_refusal(const std::optional<Error>& reason) {
  if (!reason) return false;
  switch (reason->kind) {
    case ErrorKind::closed:
    case ErrorKind::reset:
    case ErrorKind::draining:
    case ErrorKind::cancelled: return false;
    default: return true;
  }
}

/// The process that the kernel reports is kept beside what the caller has proved.
void note_identity(AdmittedCall& call, std::optional<Identity> proved) {
  if (!proved) return;
  if (call.identity) proved->credentials = call.identity->credentials;
  call.identity = std::make_unique<Identity>(std::move(*proved));
}

/// Returns what a caller whose authentication ended for `reason` is to be penalised for, if for
/// anything: not for a drain, or for what this machine or the authenticator lacks.
std::optional<Misconduct> misconduct_of(const std::optional<Error>& reason) {
  if (!reason) return std::nullopt;
  switch (reason->kind) {
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

/// Returns whether the caller is known now; if not, the call has ended.
bool authenticate(ServerState& state, const Service& service, AdmittedCall& call) noexcept {
  Stream& stream = call.stream;
  Endpoint peer;
  std::optional<std::string> source;
  bool is_known = false;
  CallEnd end = guard(state, service, kAuthenticatorFailed, peer, [&]() -> Result<void> {
    // A copy: the stream may be taken from here.
    peer = stream.peer();
    source = state.source_to_penalise(stream);
    const DeadlineScope bounded(deadline_after(state.options.authentication_timeout));
    if (auto opened = stream.handshake(); !opened) return fail(std::move(opened.error()));
    std::optional<Identity> identity = stream.identity();
    if (service.handler.authenticator()) {
      auto found = as_handler([&] { return service.handler.authenticator()(stream); });
      if (!found) return fail(std::move(found.error()));
      // A challenge proves no name: one that TLS has proved stays.
      if (!service.challenge || !identity) identity = std::move(*found);
    }
    note_identity(call, std::move(identity));
    is_known = true;
    return {};
  });
  if (is_known && stream) {
    call.slot.end_authentication();
    return true;
  }
  const auto misconduct = misconduct_of(end.reason);
  if (source && misconduct) state.penalties.add(*source, *misconduct, now());
  if (is_refusal(end.reason)) {
    service.tally->count_refusal(Refusal::not_authenticated);
    state.log(LogLevel::warning, "refused: not authenticated", service.name, &peer,
              end.reason->message(), call.identity.get());
  }
  end.manner = CallEnd::Manner::broken;
  end_call(state, service, stream, call.identity.get(), end);
  return false;
}

/// Returns whether the caller may call; if not, the call has ended.
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

}  // namespace

bool begin_call(ServerState& state, const Service& service, AdmittedCall& call) noexcept {
  assert(call.stream && "a call begins once, with its stream");
  log_begin(state, service, call);
  if (!service.has_authentication()) return true;
  return authenticate(state, service, call) && authorise(state, service, call);
}

void log_begin(const ServerState& state, const Service& service,
               const AdmittedCall& call) noexcept {
  if (!state.wants_debug()) return;
  state.log(LogLevel::debug, "call began", service.name, &call.stream.peer(), {},
            call.identity.get());
}

void end_call(const ServerState& state, const Service& service, Stream& call,
              const Identity* identity, const CallEnd& end) noexcept {
  if (!call) return;
  try {
    if (end.manner == CallEnd::Manner::orderly) end_in_good_order(state.options, call);
    if (end.manner == CallEnd::Manner::broken) call.abort();
    log_end(state, service, call, identity, end);
  } catch (const std::bad_alloc&) {
    // The call is closed, perhaps without its last bytes or its line in the log, for lack of
    // memory.
  }
  call.close();
}

void handle(ServerState& state, const Service& service, AdmittedCall& call) noexcept {
  Stream& stream = call.stream;
  Endpoint peer;
  const CallEnd end = guard(state, service, kHandlerFailed, peer, [&]() -> Result<void> {
    // A copy: the handler may take the stream for itself.
    peer = stream.peer();
    if (service.is_framed()) return talk_in_frames(state, service, call);
    as_handler([&] { service.handler.stream()(stream, CallInfo(stream, call.identity.get())); });
    return {};
  });
  end_call(state, service, stream, call.identity.get(), end);
}

void run_call(ServerState& state, const Service& service, AdmittedCall call) noexcept {
  if (begin_call(state, service, call)) handle(state, service, call);
}

}  // namespace hotline::server
