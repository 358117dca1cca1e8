#pragma once

#include <string>

#include "framing/frame_assembler.h"
#include "hotline/core/error.h"
#include "hotline/framing/framing.h"

namespace hotline::framing {

/// Returns why what came from `endpoint` is not a message in `framing`: the error of a step that is
/// `malformed` or `too_large`.
Error frame_error(const Framing& framing, const FrameAssembler::Step& step, std::string endpoint);

/// `error`, with which receiving ended, as what it means for frames: an orderly end is `truncated`
/// amid one.
Error end_of_frames(const FrameAssembler& frames, Error error);

}  // namespace hotline::framing
