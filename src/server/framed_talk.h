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

/// Answers the frames that are whole in `frames` with `handler`, at most so many that others need
/// not wait for long, and keeps the beginning of one that has not come whole. Each frame is one
/// message more in `messages`, and ends what was under way of `message`: one that begins behind it
/// has its own time. The replies have gone when it returns. With FramesLeft::some, call it again
/// before anything is received. Fails with `protocol_violation` or `too_large` if what came is not
/// a frame, or as writing does: then the call cannot go on. Throws what the handler throws, and
/// std::runtime_error if its reply cannot be framed. `draining`: the one message that was wanted
/// has been answered. `closed`: a reply ends the call, and has gone.
Result<FramesLeft> answer_frames(const ServerOptions& options, MessageCount& messages,
                                 const Service& service, const MessageHandler& handler,
                                 Stream& call, framing::FrameAssembler& frames, ReplyBatch& replies,
                                 net::ProgressDeadline& message);

/// A whole call whose fiber or thread is its own. Fails and throws as answer_frames does.
Result<void> talk_in_frames(ServerState& state, const Service& service, AdmittedCall& admitted);

}  // namespace hotline::server
