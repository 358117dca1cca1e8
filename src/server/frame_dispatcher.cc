#include "server/frame_dispatcher.h"

#include <cassert>
#include <new>
#include <utility>

#include "core/check.h"
#include "framing/receive_piece.h"
#include "hotline/engine/clock.h"
#include "net/stream_access.h"
#include "server/framed_talk.h"
#include "server/retry_pause.h"

namespace hotline::server {
namespace {

// How long the dispatching fiber runs before the loop's other fibers, how many light calls it
// serves between two reads of the clock, and how many before a heavy one.
constexpr Duration kSlice = std::chrono::microseconds(500);
constexpr unsigned kLightCountUnlooked = 4;
constexpr unsigned kLightCountMax = 64;

/// Returns the error; without its endpoint if there is no memory for that.
Error reason_of(ErrorKind kind, std::string_view operation, const DispatchedCall& call) noexcept {
  Error reason{kind, 0, operation, {}, {}, {}};
  try {
    reason.endpoint = call.stream.peer().to_string();
  } catch (const std::bad_alloc&) {
  }
  return reason;
}

Error lateness_of(const DispatchedCall& call) noexcept {
  return reason_of(ErrorKind::timed_out, "receive from", call);
}

}  // namespace

void DispatchedCall::ready() noexcept { dispatcher_.note_ready(*this); }

/// Serves one call. If it waits, the replies that are ready are sent without it.
class FrameDispatcher::Work final : public DispatchFibers::Work {
 public:
  Work(FrameDispatcher& dispatcher, DispatchedCall& call, ReplyBatch& replies)
      : DispatchFibers::Work(&*dispatcher.fibers_), call_(call), replies_(&replies) {}

  /// From now on the batch may be another call's.
  void give_up_replies() { replies_ = nullptr; }

 private:
  void waits() noexcept override {
    if (replies_ != nullptr) replies_->flush_now(call_.stream);
  }

  DispatchedCall& call_;
  ReplyBatch* replies_;
};

FrameDispatcher::FrameDispatcher(ServerState& state, const Service& service,
                                 engine::EventLoop& loop)
    : state_(state), service_(service), loop_(loop), messages_(*service.tally), has_work_(loop) {}

FrameDispatcher::~FrameDispatcher() {
  end_all();
  assert(call_count_ == 0 && "a dispatcher must outlive its framed calls");
}

void FrameDispatcher::run() {
  engine::FiberGroup group(loop_);
  // The number of calls limits the number of waits: each call can hold one fiber, as a stream does.
  fibers_.emplace(loop_, group, SIZE_MAX, [this] { dispatch(); });
  do {
    fibers_->start();
    group.join();
    // spawn() failed for lack of a stack: retry until it succeeds.
  } while (!is_over() && sleep_for(kRetryPause));
}

void FrameDispatcher::take(AdmittedCall call) {
  check_use(engine::EventLoop::running() == &loop_,
            "a framed call was given to the dispatcher of another loop");
  framing::FrameAssembler frames(service_.framing, &state_.message_memory);
  CallMessages messages(service_, call.identity.get());
  auto taken = std::make_unique<DispatchedCall>(*this, std::move(call), std::move(messages),
                                                std::move(frames));
  if (!try_watch(*taken)) {
    // The call could not be watched, so it ends here, and the acceptor logs the reason.
    stop_silence(*taken);
    taken->stream.abort();
    throw std::bad_alloc();
  }
  taken.release();
  ++call_count_;
}

void FrameDispatcher::stop_taking() {
  is_complete_ = true;
  has_work_.set();
}

void FrameDispatcher::note_ready(DispatchedCall& call) {
  call.is_watched = false;
  make_ready(call);
  has_work_.set();
}

void FrameDispatcher::make_ready(DispatchedCall& call) {
  (call.weight() == engine::Weight::bulk ? ready_bulk_ : ready_).push_back(call);
}

void FrameDispatcher::dispatch() {
  while (!is_over()) {
    heed_scope();
    if (next_silence_end().has_passed(loop_.now())) end_silent();
    DispatchedCall* const call = next_call();
    if (call == nullptr) {
      if (!wait_for_calls()) return fibers_->give_up();
      begin_slice();
      continue;
    }
    const engine::Weight weight = call->weight();
    if (!serve(*call)) return;
    end_slice_in_time(weight);
  }
}

/// Callers that keep sending could prevent the fiber from waiting, and a wait is what reports a
/// drain or a cut.
void FrameDispatcher::heed_scope() {
  const int asked = loop_.scope().code_in_force();
  if (asked == engine::kDrainEnd && !is_draining_) begin_drain();
  if (asked == engine::kCancelEnd) end_all();
}

/// Removes and returns the call to serve next; null if none is ready.
DispatchedCall* FrameDispatcher::next_call() {
  const bool is_bulk_due = ready_.is_empty() || light_count_ >= kLightCountMax;
  const bool is_bulk = !ready_bulk_.is_empty() && is_bulk_due;
  OrderedCalls& calls = is_bulk ? ready_bulk_ : ready_;
  if (calls.is_empty()) return nullptr;
  light_count_ = is_bulk ? 0 : light_count_ + 1;
  DispatchedCall& call = calls.first();
  calls.remove(call);
  return &call;
}

void FrameDispatcher::begin_slice() { slice_end_ = loop_.read_clock() + kSlice; }

void FrameDispatcher::end_slice_in_time(engine::Weight served) {
  const bool is_unlooked =
      served == engine::Weight::light && light_count_ % kLightCountUnlooked != 0;
  if (is_unlooked || loop_.read_clock() < slice_end_) return;
  loop_.yield();
  begin_slice();
}

/// Returns false if everything has been cut.
bool FrameDispatcher::wait_for_calls() {
  const engine::OnDrain on_drain = is_draining_ ? engine::OnDrain::goes_on : engine::OnDrain::ends;
  waits_until_ = next_silence_end();
  const int waited = has_work_.wait(waits_until_, on_drain);
  waits_until_ = kNobodyWaits;
  if (waited == -engine::kDrainEnd) begin_drain();
  if (waited == -engine::kCancelEnd) end_all();
  return waited != -engine::kCancelEnd;
}

Deadline FrameDispatcher::next_silence_end() const {
  const auto first = [](const SilentCalls& calls) {
    return calls.is_empty() ? Deadline::never() : calls.first().silent_until;
  };
  const Deadline silence = Deadline::earliest(first(unspoken_), first(silent_));
  return begun_.is_empty() ? silence : Deadline::earliest(silence, begun_.first().message.until());
}

void FrameDispatcher::end_silent() {
  const Instant time = loop_.now();
  // The loop processes everything that has arrived before it ends this wait.
  if (loop_.wait_until(Deadline::at(time)) == -engine::kCancelEnd) return;
  for (SilentCalls* calls : silent_calls()) {
    while (!calls->is_empty() && calls->first().silent_until.has_passed(time)) {
      DispatchedCall& call = calls->first();
      stop_silence(call);
      // Its peer has sent something. Unless that has a byte of a message, it ends when watched
      // again.
      if (!call.is_watched) continue;
      unwatch(call);
      end(call, {CallEnd::Manner::at_once, lateness_of(call)});
    }
  }
  while (!begun_.is_empty() && begun_.first().message.has_passed(time)) {
    DispatchedCall& call = begun_.first();
    stop_timing(call);
    // A call that is served now or soon gets the drain with its next bytes, or when it is watched.
    if (!call.is_watched) continue;
    unwatch(call);
    end(call, {CallEnd::Manner::at_once, lateness_of(call)});
  }
}

/// Gives every idle call one last receive, so that bytes already sent are still answered.
void FrameDispatcher::begin_drain() {
  is_draining_ = true;
  for (SilentCalls* calls : silent_calls()) {
    while (!calls->is_empty()) {
      DispatchedCall& call = calls->first();
      stop_silence(call);
      if (!call.is_watched) continue;
      unwatch(call);
      make_ready(call);
    }
  }
}

void FrameDispatcher::end_all() {
  begin_drain();
  while (DispatchedCall* const call = next_call()) {
    end(*call, {CallEnd::Manner::at_once, reason_of(ErrorKind::cancelled, "serve", *call)});
  }
}

/// Returns true if this fiber dispatches from now on.
bool FrameDispatcher::serve(DispatchedCall& call) {
  std::unique_ptr<ReplyBatch> replies = take_batch();
  if (!replies) {
    end(call, {CallEnd::Manner::broken, reason_of(ErrorKind::resource_exhausted, "serve", call)});
    return true;
  }
  Work work(*this, call, *replies);
  const auto part = [&] { return answer(call, *replies); };
  const bool is_sampled = messages_.is_sample_due();
  const Instant came = loop_.now();
  const CallEnd how = guard(state_, service_, kHandlerFailed, call.stream.peer(), part);
  if (is_sampled) messages_.add_latency(loop_.read_clock() - came);
  replies->clear();
  work.give_up_replies();
  spare_batches_.push_back(std::move(replies));  // There is room: see take_batch().
  const bool goes_on = how.manner == CallEnd::Manner::orderly && !how.reason;
  if (!goes_on) {
    end(call, how);
  } else if (call.has_frames_left) {
    make_ready(call);
    has_work_.set();
  } else if (!try_watch(call)) {
    end(call, {CallEnd::Manner::broken, reason_of(ErrorKind::resource_exhausted, "serve", call)});
  }
  return work.end();
}

Result<void> FrameDispatcher::answer(DispatchedCall& call, ReplyBatch& replies) {
  const Deadline before = call.message.until();
  std::size_t piece_bytes = 0;
  if (!call.has_frames_left) {
    const Deadline until = is_draining_ ? Deadline::never() : Deadline::at(loop_.now());
    const auto received = framing::receive_piece(call.stream, call.frames, until);
    if (!received) return fail(received.error());
    // A layer may need more bytes for one of the call's, so its silence goes on.
    if (*received == 0) return {};
    stop_silence(call);
    call.silent_until = Deadline::never();
    // A peer that sends a few bytes now and then is not silent, but its message may still take too
    // long.
    if (call.message.has_passed(loop_.now())) return fail(lateness_of(call));
    call.has_spoken = true;
    call.set_weight(engine::weight_of(*received));
    piece_bytes = *received;
  }
  const MessageHandler& handler = call.messages.handler(service_, call.stream);
  const auto left = answer_frames(state_.options, messages_, service_, handler, call.stream,
                                  call.frames, replies, call.message);
  if (!left) return fail(std::move(left.error()));
  call.has_frames_left = *left == FramesLeft::some;
  // A few bytes can contain many messages.
  if (call.has_frames_left) call.set_weight(engine::Weight::bulk);
  note_progress(call, piece_bytes, before);
  return {};
}

/// `before`: the deadline before those bytes. Each that begins is later than those that have begun.
void FrameDispatcher::note_progress(DispatchedCall& call, std::size_t bytes, Deadline before) {
  const bool is_amid = call.frames.is_amid_frame();
  call.message.note(bytes, !is_amid);
  if (is_amid) call.message.start(loop_.now(), state_.options.timeouts.message);
  if (call.message.until() == before) return;
  stop_timing(call);
  if (call.message.until().is_never()) return;
  begun_.push_back(call);
  call.is_timed = true;
}

void FrameDispatcher::stop_timing(DispatchedCall& call) {
  if (std::exchange(call.is_timed, false)) begun_.remove(call);
}

/// Returns false, and the call has to end, if there is no memory for it.
bool FrameDispatcher::try_watch(DispatchedCall& call) noexcept {
  try {
    watch(call);
    return true;
  } catch (const std::bad_alloc&) {
    call.is_watched = false;
    return false;
  }
}

void FrameDispatcher::watch(DispatchedCall& call) {
  limit_silence(call);
  call.is_watched = true;
  if (!call.message.until().is_never() && !call.is_timed) {
    // The message's time ended while the call was served.
    begun_.push_front(call);
    call.is_timed = true;
  }
  if (is_draining_) {
    note_ready(call);
    return;
  }
  // The fiber that waits for calls may have a later deadline.
  if (Deadline::earliest(call.silent_until, call.message.until()) < waits_until_) has_work_.set();
  net::StreamAccess::watch(call.stream, call);
}

/// The deadline stays until the next byte, whatever else the peer sends.
void FrameDispatcher::limit_silence(DispatchedCall& call) {
  if (std::exchange(call.is_limited, true)) return;
  SilentCalls& calls = call.has_spoken ? silent_ : unspoken_;
  // It has passed while the call was served, or ready.
  if (call.silent_until.has_passed(loop_.now())) return calls.push_front(call);
  const StreamTimeouts& timeouts = state_.options.timeouts;
  call.silent_until =
      Deadline::after(loop_.timeout_start(), call.has_spoken ? timeouts.idle : timeouts.first_byte);
  calls.push_back(call);
}

void FrameDispatcher::stop_silence(DispatchedCall& call) {
  if (std::exchange(call.is_limited, false)) (call.has_spoken ? silent_ : unspoken_).remove(call);
}

void FrameDispatcher::unwatch(DispatchedCall& call) {
  call.is_watched = false;
  net::StreamAccess::unwatch(call.stream);
}

void FrameDispatcher::end(DispatchedCall& call, const CallEnd& how) {
  stop_silence(call);
  stop_timing(call);
  end_call(state_, service_, call.stream, call.identity.get(), how);
  delete &call;
  --call_count_;
  has_work_.set();
}

/// Returns null if there is no memory.
std::unique_ptr<ReplyBatch> FrameDispatcher::take_batch() noexcept {
  if (spare_batches_.empty()) {
    try {
      spare_batches_.reserve(batch_count_ + 1);
      auto batch = std::make_unique<ReplyBatch>();
      ++batch_count_;
      return batch;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  auto batch = std::move(spare_batches_.back());
  spare_batches_.pop_back();
  return batch;
}

}  // namespace hotline::server
