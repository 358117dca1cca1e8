#pragma once

#include "hotline/net/stream.h"
#include "server/service.h"

namespace hotline::server {

/// What is left to do when a call's handler has had its say.
struct CallEnd {
  enum class Manner : std::uint8_t {
    orderly,  ///< What was written still arrives: the peer's last bytes are waited for.
    at_once,  ///< Nothing is waited for.
    broken,   ///< The peer sees a reset.
  };

  Manner manner = Manner::orderly;
  Error reason;  ///< Why, where the stream itself does not know: for the log.
};

/// Does `part` of what `service` does for the caller `peer`: how the call ends, if that was the end
/// of it. What the handler throws breaks the call, and is logged.
CallEnd guard(Shared& shared, const Service& service, const Endpoint& peer,
              const std::function<Result<void>()>& part) noexcept;

/// Logs that it begins, and that it has ended.
void log_begin(const Shared& shared, const Service& service, const Stream& call);

/// Ends `call`, waiting for the peer's last bytes if need be, and closes it. One that the handler
/// has taken for itself is none of the server's any more.
void end_call(const Shared& shared, const Service& service, Stream& call, const CallEnd& end);

/// Runs `service`'s handler on `call`, to its end whatever happens, and closes it.
void talk(Shared& shared, const Service& service, Stream& call) noexcept;

/// An admitted call has ended: gives its room back.
void give_room_back(Shared& shared, const Endpoint& peer);

/// talk for a call that an Acceptor has admitted; gives its room back.
void run_call(Shared& shared, const Service& service, Stream call) noexcept;

}  // namespace hotline::server
