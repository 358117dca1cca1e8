#pragma once

#include <string>

#include "framing/frame_assembler.h"
#include "framing/gathering_budget.h"
#include "hotline/core/error.h"
#include "hotline/framing/framing.h"

namespace hotline::framing {

/// Returns why the bytes from `endpoint` are not a message in `framing`: the error of a step that
/// is `malformed` or `too_large`.
Error frame_error(const Framing& framing, const FrameAssembler::Step& step, std::string endpoint);

/// Returns why a message from `endpoint` found no room in the memory for begun messages.
Error no_room_error(const GatheringBudget::Exhausted& full, std::string endpoint);

/// Returns `error`, with which receiving ended, as an error of framing: an orderly end within a
/// frame becomes `truncated`.
Error end_of_frames(const FrameAssembler& frames, Error error);

}  // namespace hotline::framing
