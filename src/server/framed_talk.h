#pragma once

#include "framing/frame_assembler.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"
#include "net/progress_deadline.h"
#include "server/admitted_call.h"
#include "server/reply_batch.h"
#include "server/service.h"
#include "server/tally.h"

namespace hotline::server {

/// Whether `frames` may contain more whole frames.
enum class FramesLeft : bool { none, some };

/// Answers the complete frames in `frames` with `handler`, a limited number at a time so that other
/// calls need not wait for long, and keeps an incomplete one. Counts each frame in `messages`, and
/// ends the deadline of `message`: a later message has a deadline of its own. When it returns, the
/// replies have been written. After FramesLeft::some, call it again before receiving more. Fails
/// with `protocol_violation` or `too_large` if the bytes are not a frame, as writing does, with
/// `draining` after the only wanted message was answered, and with `closed` after a reply that ends
/// the call. After a failure the call cannot go on. Throws what the handler throws, and
/// std::runtime_error if its reply cannot be framed.
Result<FramesLeft> answer_frames(const ServerOptions& options, MessageCount& messages,
                                 const Service& service, const MessageHandler& handler,
                                 Stream& call, framing::FrameAssembler& frames, ReplyBatch& replies,
                                 net::ProgressDeadline& message);

/// Runs a whole framed call on a fiber or thread of its own. Fails and throws as answer_frames
/// does.
Result<void> talk_in_frames(ServerState& state, const Service& service, AdmittedCall& admitted);

}  // namespace hotline::server
