#include "server/frame_dispatcher.h"

#include <new>
#include <utility>

#include "framing/frame_error.h"
#include "hotline/engine/clock.h"
#include "server/framed_talk.h"

namespace hotline::server {
namespace {

constexpr Duration kRetryPause = std::chrono::milliseconds(20);

/// Without memory for it, without the endpoint.
Error reason_of(ErrorKind kind, std::string_view operation, const FramedCall& call) noexcept {
  Error reason{kind, 0, operation, {}, {}, {}};
  try {
    reason.endpoint = call.stream.peer().format_without_options();
  } catch (const std::bad_alloc&) {
  }
  return reason;
}

}  // namespace

void FramedCall::ready() noexcept { dispatcher_.note_ready(*this); }

/// What is done for one call. If it waits, the replies that are there already need not.
class FrameDispatcher::Work final : public DispatchFibers::Work {
 public:
  Work(FrameDispatcher& dispatcher, FramedCall& call, ReplyBatch& replies)
      : DispatchFibers::Work(&*dispatcher.fibers_), call_(call), replies_(replies) {}

 private:
  void waits() noexcept override { replies_.flush_now(call_.stream); }

  FramedCall& call_;
  ReplyBatch& replies_;
};

FrameDispatcher::FrameDispatcher(Shared& shared, const Service& service, engine::EventLoop& loop)
    : shared_(shared), service_(service), loop_(loop), messages_(shared), has_work_(loop) {}

FrameDispatcher::~FrameDispatcher() { end_all(); }

void FrameDispatcher::run() {
  engine::FiberGroup group(loop_);
  // Who waits is bounded by the calls themselves: each can hold one fiber, as a stream's would.
  fibers_.emplace(loop_, group, SIZE_MAX, [this] { dispatch(); });
  do {
    fibers_->start();
    group.join();
    // Without a stack for the fiber it had nobody: there will be one.
  } while (!is_over() && sleep_for(kRetryPause));
}

void FrameDispatcher::take(Stream call) {
  log_begin(shared_, service_, call);
  ++call_count_;
  watch(*new FramedCall(*this, std::move(call), service_.framing));
}

void FrameDispatcher::stop_taking() {
  is_complete_ = true;
  has_work_.set();
}

void FrameDispatcher::note_ready(FramedCall& call) {
  list_of(call).remove(call);
  ready_.push_back(call);
  has_work_.set();
}

FramedCallList& FrameDispatcher::list_of(const FramedCall& call) {
  return call.has_spoken ? silent_ : unspoken_;
}

void FrameDispatcher::dispatch() {
  while (!is_over()) {
    if (next_silence_end().has_passed(loop_.now())) end_silent();
    if (ready_.is_empty()) {
      if (!wait_for_calls()) return fibers_->give_up();
      continue;
    }
    FramedCall& call = ready_.first();
    ready_.remove(call);
    if (!serve(call)) return;
  }
}

/// False if all has been cut.
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
  const auto first = [](const FramedCallList& calls) {
    return calls.is_empty() ? Deadline::never() : calls.first().silent_until;
  };
  return Deadline::earliest(first(unspoken_), first(silent_));
}

void FrameDispatcher::end_silent() {
  const Instant time = loop_.now();
  // The loop takes note of everything that has come by now before it ends this wait.
  if (loop_.wait_until(Deadline::at(time)) == -engine::kCancelEnd) return;
  for (FramedCallList* calls : {&unspoken_, &silent_}) {
    while (!calls->is_empty() && calls->first().silent_until.has_passed(time)) {
      FramedCall& call = calls->first();
      unwatch(call);
      end(call, {CallEnd::Manner::at_once, reason_of(ErrorKind::timed_out, "receive from", call)});
    }
  }
}

/// Each has a last chance to say what it has said already.
void FrameDispatcher::begin_drain() {
  is_draining_ = true;
  for (FramedCallList* calls : {&unspoken_, &silent_}) {
    while (!calls->is_empty()) {
      FramedCall& call = calls->first();
      unwatch(call);
      ready_.push_back(call);
    }
  }
}

void FrameDispatcher::end_all() {
  begin_drain();
  while (!ready_.is_empty()) {
    FramedCall& call = ready_.first();
    ready_.remove(call);
    end(call, {CallEnd::Manner::at_once, reason_of(ErrorKind::cancelled, "serve", call)});
  }
}

/// Whether this fiber dispatches from here on.
bool FrameDispatcher::serve(FramedCall& call) {
  std::unique_ptr<ReplyBatch> replies;
  const CallEnd prepared = guard(shared_, service_, call.stream.peer(), [&]() -> Result<void> {
    replies = take_batch();
    return {};
  });
  if (!replies) {
    end(call, prepared);
    return true;
  }
  Work work(*this, call, *replies);
  const auto part = [&] { return answer(call, *replies); };
  const CallEnd how = guard(shared_, service_, call.stream.peer(), part);
  replies->clear();
  spare_batches_.push_back(std::move(replies));  // There is room: see take_batch().
  const bool goes_on = how.manner == CallEnd::Manner::orderly && how.reason.kind == ErrorKind::none;
  if (goes_on) {
    watch(call);
  } else {
    end(call, how);
  }
  return work.end();
}

Result<void> FrameDispatcher::answer(FramedCall& call, ReplyBatch& replies) {
  auto piece = is_draining_ ? call.stream.receive() : call.stream.receive_now();
  // Told too early: this fiber waits.
  if (piece && piece->empty()) piece = call.stream.receive();
  if (!piece) return fail(framing::end_of_frames(call.frames, piece.error()));
  call.has_spoken = true;
  return answer_frames(shared_.options, messages_, service_, call.stream, call.frames, replies,
                       *piece);
}

void FrameDispatcher::watch(FramedCall& call) {
  const StreamTimeouts& timeouts = shared_.options.timeouts;
  call.silent_until =
      Deadline::after(loop_.now(), call.has_spoken ? timeouts.idle : timeouts.first_byte);
  list_of(call).push_back(call);
  if (is_draining_) {
    note_ready(call);
    return;
  }
  // Whoever waits for calls may know of later deadlines alone.
  if (call.silent_until < waits_until_) has_work_.set();
  call.stream.watch(call);
}

void FrameDispatcher::unwatch(FramedCall& call) {
  list_of(call).remove(call);
  call.stream.unwatch();
}

void FrameDispatcher::end(FramedCall& call, const CallEnd& how) {
  end_call(shared_, service_, call.stream, how);
  give_room_back(shared_, call.stream.peer());
  delete &call;
  --call_count_;
  has_work_.set();
}

std::unique_ptr<ReplyBatch> FrameDispatcher::take_batch() {
  if (spare_batches_.empty()) {
    spare_batches_.reserve(batch_count_ + 1);
    auto batch = std::make_unique<ReplyBatch>();
    ++batch_count_;
    return batch;
  }
  auto batch = std::move(spare_batches_.back());
  spare_batches_.pop_back();
  return batch;
}

}  // namespace hotline::server
