#include "framing/frame_error.h"

#include <utility>

namespace hotline::framing {
namespace {

constexpr std::string_view kReceiveFrom = "receive from";

}  // namespace

Error frame_error(const Framing& framing, const FrameAssembler::Step& step, std::string endpoint) {
  if (step.outcome == Decoded::Outcome::too_large) {
    return make_error(
        ErrorKind::too_large, kReceiveFrom, std::move(endpoint),
        "a message is longer than the limit of " + std::to_string(framing.frame_max) + " bytes",
        "do both sides use the framing " + framing.to_string() +
            "? then raise max, as in ?framing=u32be&max=64MiB");
  }
  return make_error(
      ErrorKind::protocol_violation, kReceiveFrom, std::move(endpoint),
      "what came is not framed as " + framing.to_string() + ": " + std::string(step.reason),
      "both sides need the same framing");
}

Error no_room_error(const GatheringBudget::Exhausted& full, std::string endpoint) {
  return make_error(ErrorKind::resource_exhausted, kReceiveFrom, std::move(endpoint), full.what(),
                    "raise Limits::message_memory_max");
}

Error end_of_frames(const FrameAssembler& frames, Error error) {
  if (error.kind == ErrorKind::closed && frames.is_amid_frame()) error.kind = ErrorKind::truncated;
  return error;
}

}  // namespace hotline::framing
