#pragma once

#include <string>

#include "framing/frame_assembler.h"
#include "hotline/core/error.h"
#include "hotline/framing/framing.h"

namespace hotline::framing {

/// Why what came from `endpoint` is no message in `framing`: of a step that is `malformed`,
/// `too_large` or a `ready` that nobody waits for.
Error frame_error(const Framing& framing, const FrameAssembler::Step& step, std::string endpoint);

/// `error`, with which receiving ended, as what it means for frames: an orderly end is `truncated`
/// amid one.
Error end_of_frames(const FrameAssembler& frames, Error error);

}  // namespace hotline::framing
