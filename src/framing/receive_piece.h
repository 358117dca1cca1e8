#pragma once

#include <cstddef>

#include "framing/frame_assembler.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"

namespace hotline::framing {

/// Receives the next bytes of `stream` for `frames`, which next() has left without a piece: to
/// their place, if much of a frame is missing, otherwise as a piece in the lease of the stream.
/// Waits no longer than until `deadline`. Returns how many bytes; 0 if nothing has arrived by then.
/// Fails as Stream::receive(Deadline) does, with `truncated` if the peer closes within a frame, and
/// with `resource_exhausted` if the budget of `frames` is used up. Throws std::bad_alloc.
Result<std::size_t> receive_piece(Stream& stream, FrameAssembler& frames,
                                  Deadline deadline = Deadline::never());

}  // namespace hotline::framing
