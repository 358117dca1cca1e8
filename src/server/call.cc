#include "server/call.h"

#include <cassert>
#include <new>

#include "engine/engine.h"
#include "hotline/engine/drain_hold.h"
#include "net/linger.h"
#include "net/stream_access.h"
#include "server/authentication.h"
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

/// With CallCount::one, the first caller that is authenticated and allowed is served, and those
/// that were at it too are not. Returns whether this one is; if not, the call has ended.
bool claim(ServerState& state, const Service& service, AdmittedCall& call) noexcept {
  if (state.begin_call()) {
    call.slot.note_served();
    return true;
  }
  state.log(LogLevel::debug, "refused: the one call has begun", service.name, &call.stream.peer(),
            {}, call.identity.get());
  end_call(state, service, call.stream, call.identity.get(), {CallEnd::Manner::broken, {}});
  return false;
}

}  // namespace

bool begin_call(ServerState& state, const Service& service, AdmittedCall& call) noexcept {
  assert(call.stream && "a call begins once, with its stream");
  log_begin(state, service, call);
  if (!service.has_authentication()) return true;
  return authenticate(state, service, call) && authorise(state, service, call) &&
         claim(state, service, call);
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
