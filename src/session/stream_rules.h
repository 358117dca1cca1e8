#pragma once

#include <cstdint>

#include "session/frame.h"

// The table of docs/wire/session.md: which frame is allowed on a stream in which state.

namespace hotline::session {

/// The state of a stream, as one end sees it.
enum class StreamPhase : std::uint8_t {
  unused,         ///< Not opened, nor any later one of the same end.
  opening,        ///< This end has sent OPEN, and awaits ACCEPT.
  offered,        ///< The peer has sent OPEN, and awaits ACCEPT.
  open,           ///< Both may send.
  opening_reset,  ///< This end has sent OPEN and RESET; there was no ACCEPT.
  open_reset,     ///< This end has sent RESET in any other phase.
  reset_by_peer,  ///< The peer has sent RESET, and this end has not.
  closed,         ///< Over, or never used.
};

/// What becomes of a frame.
enum class Verdict : std::uint8_t {
  refuse,  ///< It ends the session.
  ignore,  ///< It is skipped.
  drop,    ///< It is checked, but nothing is delivered.
  deliver,
};

/// Returns what becomes of a frame of a stream in `phase` when it arrives.
Verdict verdict_on(FrameType type, StreamPhase phase);

}  // namespace hotline::session
