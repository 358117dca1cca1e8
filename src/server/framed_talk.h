#pragma once

#include "framing/frame_assembler.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"
#include "server/message_count.h"
#include "server/reply_batch.h"
#include "server/service.h"

namespace hotline::server {

/// Answers every frame of `piece`, which was received from `call` just now, and keeps the beginning
/// of one that has not come whole. Each frame is one message more in `count`. The replies have gone
/// when it returns. Fails with `protocol_violation` or `too_large` if what came is no frame, or as
/// writing does: then the call cannot go on. Throws what the handler throws, and std::runtime_error
/// if its reply cannot be framed. `draining`: the one message that was wanted has been answered.
Result<void> answer_frames(const ServerOptions& options, MessageCount& count,
                           const Service& service, Stream& call, framing::FrameAssembler& frames,
                           ReplyBatch& replies, MutableBytes piece);

/// A whole call whose fiber or thread is its own. Fails and throws as answer_frames does.
Result<void> talk_in_frames(Shared& shared, const Service& service, Stream& call);

}  // namespace hotline::server
