#include "server/call.h"

#include <algorithm>
#include <exception>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"

namespace hotline::server {
namespace {

void report_throw(Shared& shared, const Service& service, const Stream& call, const char* what) {
  shared.handler_failures.fetch_add(1, std::memory_order_relaxed);
  shared.log(LogLevel::error, "the handler failed; its call ends", service.name, &call.peer(),
             what);
}

// Not nested in a catch block of the caller: closing waits, and nobody waits inside a catch.
bool handle(Shared& shared, const Service& service, Stream& call) noexcept {
  try {
    service.handler.stream()(call);
    return true;
  } catch (const std::exception& thrown) {
    report_throw(shared, service, call, thrown.what());
  } catch (...) {
    report_throw(shared, service, call, "an exception of unknown type");
  }
  return false;
}

/// The handler has said its last word and the peer has not: closing now, with bytes of the peer's
/// unread or on their way, would reset the connection and could take the reply with it. A drain
/// ends the handler's wait, not this one.
void linger(const ServerOptions& options, Stream& call) {
  const ErrorKind end = call.end().kind;
  if (!call.is_open() || (end != ErrorKind::none && end != ErrorKind::draining)) return;
  if (!call.shut_down_writes()) return;
  engine::Scope& scope = engine::Engine::current().scope();
  const int asked = scope.end_code;
  if (asked == engine::kDrainEnd) scope.end_code = 0;
  const DeadlineScope bounded(deadline_after(options.linger));
  while (call.receive()) {
  }
  scope.end_code = std::max(scope.end_code, asked);
}

void log_end(const Shared& shared, const Service& service, const Stream& call) {
  const Error& end = call.end();
  const bool is_orderly = end.kind == ErrorKind::none || end.kind == ErrorKind::closed ||
                          end.kind == ErrorKind::draining;
  shared.log(LogLevel::debug, "call ended", service.name, &call.peer(),
             is_orderly ? std::string(name_of(end.kind)) : end.message());
}

}  // namespace

void talk(Shared& shared, const Service& service, Stream& call) noexcept {
  const bool wants_debug =
      shared.options.log != nullptr && shared.options.log->wants(LogLevel::debug);
  if (wants_debug) shared.log(LogLevel::debug, "call began", service.name, &call.peer());
  if (handle(shared, service, call)) {
    linger(shared.options, call);
  } else {
    call.abort();
  }
  if (wants_debug) log_end(shared, service, call);
  call.close();
}

void run_call(Shared& shared, const Service& service, Stream call) noexcept {
  talk(shared, service, call);
  shared.active.fetch_sub(1, std::memory_order_relaxed);
  shared.admission.leave(call.peer());
  shared.end_call();
}

}  // namespace hotline::server
