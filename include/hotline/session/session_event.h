#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/error.h"
#include "hotline/core/public.h"
#include "hotline/session/session_codes.h"

namespace hotline HOTLINE_PUBLIC {

/// How many flows of bytes a stream has. Those from the end that opens it are numbered 0, 1, ...;
/// those from the end that accepts it follow.
struct SessionFlows {
  std::uint8_t from_opener = 0;
  std::uint8_t from_accepter = 0;

  bool operator==(const SessionFlows&) const = default;
};

/// One thing that the peer's bytes say: a result of SessionProtocol::receive(). A view.
struct SessionEvent {
  enum class Kind : std::uint8_t {
    none,      ///< More bytes are needed.
    ready,     ///< The peer's HELLO has arrived: streams can be opened.
    opened,    ///< The peer opens `stream`, with `flows` and the request `bytes`. Accept or reset
               ///< it. Grant `cost`.
    accepted,  ///< The peer accepts `stream`, with the answer `bytes`. Grant `cost`.
    data,      ///< `bytes` of `flow` at `offset`. Grant as many as are not kept any more.
    message,   ///< A message of `type` with `flags`; `bytes` is its payload. Grant `cost`.
    ended,     ///< `flow` has ended at `offset`; `bytes` is the trailer. Nothing of it is missing.
               ///< For kMessageFlow: no message follows.
    credit,    ///< More of `flow` may be sent.
    reset,     ///< The peer ends `stream`, with `code` and the text `bytes`. Give up what is kept
               ///< for it, then reset it too. If `is_closed`, the peer never had it: it drains.
    goodbye,   ///< The peer drains: no streams are opened any more.
    failed,    ///< The session has ended; see SessionProtocol::failure().
  };

  Kind kind = Kind::none;
  SessionStreamId stream = 0;
  std::uint8_t flow = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;  ///< Without the critical one.
  bool is_closed = false;  ///< The stream is closed now: both ends are done with it.
  ResetCode code = ResetCode::not_needed;
  SessionFlows flows{};
  std::uint64_t offset = 0;
  std::uint32_t cost = 0;  ///< What to grant on kMessageFlow once `bytes` are not kept any more.
  Bytes bytes{};           ///< Valid as long as the bytes that were received, and until the next
                           ///< call of receive(). Untrusted.
};

/// Why a session ended other than in order.
struct SessionFailure {
  enum class Cause : std::uint8_t {
    cut,       ///< The connection ended: what was received of open streams is incomplete.
    violated,  ///< The peer sent what is not allowed.
    silent,    ///< Nothing arrived from the peer for too long.
    by_peer,   ///< The peer ended the session.
    here,      ///< This end did, by SessionProtocol::break_off().
  };

  Cause cause = Cause::cut;
  SessionCode code = SessionCode::internal;
  std::string text{};  ///< From the peer if `by_peer`, and untrusted then.

  /// Returns it as an Error that names `endpoint`. The text of a peer is escaped.
  Error to_error(std::string endpoint) const;
};

}  // namespace hotline
