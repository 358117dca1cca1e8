#pragma once

#include <cerrno>
#include <new>
#include <optional>
#include <utility>

#include "hotline/net/stream.h"
#include "hotline/server/call_refused.h"
#include "server/admitted_call.h"
#include "server/handler_failure.h"
#include "server/service.h"

namespace hotline::server {

/// What is left to do when a call's handler has had its say.
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

/// Does `part` of what `service` does for the caller `peer`: how the call ends, if that was the end
/// of it. What `part` throws breaks the call, and is reported as the handler's failure, unless it
/// is a std::bad_alloc: as_handler() makes the handler's another. `part` returns a Result<void>.
template <typename Part>
CallEnd guard(Shared& shared, const Service& service, const Endpoint& peer, Part&& part) noexcept {
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
      // The server's own: see as_handler().
      end.reason = Error{ErrorKind::resource_exhausted, ENOMEM, "serve", {}, {}, {}};
    }
  };
  comes_back(run, [&](const char* what) {
    report_throw(shared, service, "the handler failed; its call ends", &peer, what);
  });
  return end;
}

/// Logs that it begins, and that it has ended.
void log_begin(const Shared& shared, const Service& service, const Stream& call) noexcept;

/// Ends `call`, waiting for the peer's last bytes if need be, and closes it. One that the handler
/// has taken for itself is none of the server's any more. Without memory it ends all the same,
/// perhaps without its last bytes and its line in the log.
void end_call(const Shared& shared, const Service& service, Stream& call,
              const CallEnd& end) noexcept;

/// Runs `service`'s handler on `call`, to its end whatever happens, and closes it.
void talk(Shared& shared, const Service& service, Stream& call) noexcept;

/// talk for a call that an Acceptor has admitted; then its slot is given back.
void run_call(Shared& shared, const Service& service, AdmittedCall call) noexcept;

}  // namespace hotline::server
