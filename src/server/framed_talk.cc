#include "server/framed_talk.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "engine/engine.h"
#include "framing/frame_error.h"
#include "framing/receive_piece.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/framing/codec.h"
#include "hotline/framing/frame_stream.h"
#include "net/progress_deadline.h"
#include "server/call_messages.h"
#include "server/message_call.h"

namespace hotline::server {
namespace {

using framing::FrameAssembler;
using Outcome = Decoded::Outcome;

// About 50 us for the smallest messages and a handler that takes no time.
constexpr int kFramesOfTurn = 256;

/// Sends the replies that are ready each time that the fiber or thread waits.
class FlushOnWait final : public engine::SuspendHook {
 public:
  FlushOnWait(ReplyBatch& replies, Stream& call)
      : replies_(replies), call_(call), scope_(engine::Engine::current().suspend_hook(), *this) {}

  void suspended() noexcept override { replies_.flush_now(call_); }

 private:
  ReplyBatch& replies_;
  Stream& call_;
  engine::SuspendHookScope scope_;
};

Error last_was_answered(const Stream& call, ErrorKind kind, std::string why) {
  return make_error(kind, "receive from", call.peer().to_string(), std::move(why));
}

/// Kind::ready: every message waits for its receiver, so none can be gathered.
Result<void> talk_in_turns(ServerState& state, const Service& service, CallMessages& messages,
                           FrameStream& frames) {
  MessageCount count(*service.tally);
  for (;;) {
    const auto payload = frames.read_frame();
    if (!payload) return fail(payload.error());
    count.add_message(payload->size());
    const MessageHandler& handler = messages.handler(service, frames.stream());
    const Reply reply = call_handler(handler, {frames.stream(), *payload}, *service.tally);
    if (reply.has_value()) {
      // A reply that the framing cannot carry is the handler's mistake, not the peer's.
      if (const auto framed = encode(service.framing, reply.bytes()); !framed)
        throw std::runtime_error(framed.error().message());
      count.add_reply(reply.bytes().size());
      if (auto written = frames.write_frame(reply.bytes()); !written) return written;
    }
    if (state.options.calls == CallCount::one || reply.ends_call()) return {};
  }
}

}  // namespace

Result<FramesLeft> answer_frames(const ServerOptions& options, MessageCount& messages,
                                 const Service& service, const MessageHandler& handler,
                                 Stream& call, FrameAssembler& frames, ReplyBatch& replies,
                                 net::ProgressDeadline& message) try {
  const bool is_only_one = options.calls == CallCount::one;
  const auto flush = [&](FramesLeft left) -> Result<FramesLeft> {
    if (auto flushed = replies.flush(call); !flushed) return fail(std::move(flushed.error()));
    return left;
  };
  for (int count = 0; count < kFramesOfTurn; ++count) {
    const FrameAssembler::Step step = frames.next();
    if (step.outcome != Outcome::frame) {
      auto flushed = flush(FramesLeft::none);
      if (!flushed || step.outcome == Outcome::more) return flushed;
      return fail(framing::frame_error(service.framing, step, call.peer().to_string()));
    }
    message.note(0, true);
    messages.add_message(step.payload.size());
    Reply reply = call_handler(handler, {call, step.payload}, *service.tally);
    if (reply.has_value()) {
      messages.add_reply(reply.bytes().size());
      if (auto added = replies.add(service.framing, step, reply); !added)
        throw std::runtime_error(added.error().message());
    }
    const bool is_last = is_only_one || reply.ends_call();
    if (replies.is_full() || is_last || step.is_gathered) {
      if (auto flushed = flush(FramesLeft::some); !flushed) return flushed;
    }
    if (!is_last) continue;
    return fail(is_only_one ? last_was_answered(call, ErrorKind::draining, "one message was wanted")
                            : last_was_answered(call, ErrorKind::closed, "a reply ended the call"));
  }
  return flush(FramesLeft::some);
} catch (const framing::GatheringBudget::Exhausted& full) {
  return fail(framing::no_room_error(full, call.peer().to_string()));
}

Result<void> talk_in_frames(ServerState& state, const Service& service, AdmittedCall& admitted) {
  Stream& call = admitted.stream;
  CallMessages messages(service, admitted.identity.get());
  if (!service.framing.can_pipeline()) {
    FrameStream frames(call, service.framing);
    return talk_in_turns(state, service, messages, frames);
  }
  FrameAssembler frames(service.framing, &state.message_memory);
  net::ProgressDeadline message;
  ReplyBatch replies;
  MessageCount count(*service.tally);
  for (;;) {
    const auto received = [&] {
      const DeadlineScope scope(message.until());
      return framing::receive_piece(call, frames);
    }();
    if (!received) return fail(received.error());
    const bool is_sampled = count.is_sample_due();
    const Instant came = is_sampled ? engine::Engine::current().read_clock() : Instant();
    Result<FramesLeft> left = FramesLeft::some;
    const FlushOnWait flush_on_wait(replies, call);
    while (left && *left == FramesLeft::some) {
      left = answer_frames(state.options, count, service, messages.handler(service, call), call,
                           frames, replies, message);
    }
    if (is_sampled) count.add_latency(engine::Engine::current().read_clock() - came);
    if (!left) return fail(std::move(left.error()));
    message.note(*received, !frames.is_amid_frame());
    if (frames.is_amid_frame()) message.start(now(), state.options.timeouts.message);
  }
}

}  // namespace hotline::server
