#pragma once

#include <cerrno>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "hotline/net/stream.h"
#include "hotline/server/call_refused.h"
#include "server/admitted_call.h"
#include "server/handler_failure.h"
#include "server/service.h"

namespace hotline::server {

// The life of a call, under every word of concurrency:
//
//   Acceptor: admit -> begin_call: authenticate -> authorise -> handle -> end_call: linger -> close
//
// begin_call, handle and end_call are the only functions that take a call from one stage to the
// next. docs/architecture.md, section 8, has the states.

/// How a call is to end, after its handler or its authentication.
struct CallEnd {
  enum class Manner : std::uint8_t {
    orderly,  ///< In order: the peer's last bytes are awaited, so that everything that was written
              ///< arrives. The call ends with a reset if a write has failed, or if a cut came while
              ///< the handler worked.
    at_once,  ///< At once, without a wait.
    broken,   ///< The peer sees a reset.
  };

  Manner manner = Manner::orderly;
  std::optional<Error> reason{};  ///< Why, where the stream itself does not know: for the log.
};

inline constexpr std::string_view kHandlerFailed = "the handler failed; its call ends";
inline constexpr std::string_view kAuthenticatorFailed =
    "the authentication failed; its call is refused";

/// Runs `part` of a call of `peer` to `service`, and returns how the call ends, if this was its
/// last part. `part` returns a Result<void>. An exception breaks the call and is reported as
/// `failure` of the handler. A std::bad_alloc is not, because it is the server's own: as_handler()
/// turns the handler's into another exception.
template <typename Part>
CallEnd guard(ServerState& state, const Service& service, std::string_view failure,
              const Endpoint& peer, Part&& part) noexcept {
  CallEnd end{CallEnd::Manner::broken, {}};
  const auto run = [&] {
    try {
      Result<void> done = part();
      // The call was cut off for lack of memory, and must not look answered.
      const bool is_cut = !done && done.error().kind == ErrorKind::resource_exhausted;
      if (!is_cut) end.manner = CallEnd::Manner::orderly;
      if (!done) end.reason = std::move(done.error());
    } catch (const CallRefused& refused) {
      end.reason = refused.error();
    } catch (const std::bad_alloc&) {
      // It is the server's own: see as_handler().
      end.reason = Error{ErrorKind::resource_exhausted, ENOMEM, "serve", {}, {}, {}};
    }
  };
  comes_back(run, [&](const char* what) {
    report_throw(state, *service.tally, service.name, failure, &peer, what);
  });
  return end;
}

/// Begins an admitted call: if `service` has an authentication, authenticates the caller, which
/// suspends the fiber, and then checks that the list of the service allows it. Returns true if the
/// handler may have the call; otherwise the call was refused and has ended.
bool begin_call(ServerState& state, const Service& service, AdmittedCall& call) noexcept;

/// Same as above, for a service without an authentication, whose callers the Acceptor has checked.
/// Never waits.
void log_begin(const ServerState& state, const Service& service, const AdmittedCall& call) noexcept;

/// Ends `call` of a caller whose identity may be null: waits for the peer's last bytes if
/// necessary, and closes it. Does nothing if the handler has moved the stream away. Without memory
/// the call ends too, perhaps without its last bytes or its line in the log.
void end_call(const ServerState& state, const Service& service, Stream& call,
              const Identity* identity, const CallEnd& end) noexcept;

/// Runs the handler of `service` on a call for which begin_call returned true, then ends the call,
/// whatever happens.
void handle(ServerState& state, const Service& service, AdmittedCall& call) noexcept;

/// Runs the whole life of an admitted call, and then releases its slot.
void run_call(ServerState& state, const Service& service, AdmittedCall call) noexcept;

}  // namespace hotline::server
