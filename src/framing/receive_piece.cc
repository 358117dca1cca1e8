#include "framing/receive_piece.h"

#include <algorithm>

#include "framing/frame_error.h"

namespace hotline::framing {
namespace {

// Other fibers of the loop wait while so much is copied.
constexpr std::size_t kReadMax = 256 * 1024;

}  // namespace

Result<std::size_t> receive_piece(Stream& stream, FrameAssembler& frames, Deadline deadline) try {
  if (const MutableBytes room = frames.room(); !room.empty()) {
    const auto read = stream.read_some(room.first(std::min(room.size(), kReadMax)), deadline);
    if (!read) return fail(end_of_frames(frames, read.error()));
    frames.filled(*read);
    return *read;
  }
  const auto received = stream.receive(deadline);
  if (!received) return fail(end_of_frames(frames, received.error()));
  frames.feed(*received);
  return received->size();
} catch (const GatheringBudget::Exhausted& full) {
  return fail(no_room_error(full, stream.peer().to_string()));
}

}  // namespace hotline::framing
