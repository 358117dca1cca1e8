#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "server/call.h"
#include "server/dispatch_fibers.h"
#include "server/dispatched_call.h"
#include "server/reply_batch.h"
#include "server/service.h"
#include "server/tally.h"

namespace hotline::server {

/// Runs a message handler over the framed calls of one loop. One fiber handles the messages of all
/// calls, and gathers the replies to one receive into one write. A silent call has neither a fiber
/// nor a buffer. When a handler or a write waits, it keeps that fiber, and another fiber serves the
/// other calls. Calls with many messages are served after those with few, a limited number of
/// messages at a time, and the loop's other fibers run after each slice of time. Loop thread only;
/// used from fibers of one group.
class FrameDispatcher {
 public:
  FrameDispatcher(ServerState& state, const Service& service, engine::EventLoop& loop);
  FrameDispatcher(const FrameDispatcher&) = delete;
  FrameDispatcher& operator=(const FrameDispatcher&) = delete;
  ~FrameDispatcher();

  /// Takes over a call for which begin_call returned true. Throws std::bad_alloc after resetting
  /// the call.
  void take(AdmittedCall call);

  /// States that no more calls will be added.
  void stop_taking();

  /// Returns after stop_taking() when the last call has ended. A drain of the fiber ends calls with
  /// nothing pending, and a cancel ends all.
  void run();

 private:
  friend class DispatchedCall;
  class Work;
  using OrderedCalls = CallList<&DispatchedCall::order_>;
  using SilentCalls = CallList<&DispatchedCall::silence_>;
  using BegunCalls = CallList<&DispatchedCall::begun_>;

  void note_ready(DispatchedCall& call);
  void dispatch();
  bool wait_for_calls();
  void heed_scope();
  DispatchedCall* next_call();
  void begin_slice();
  void end_slice_in_time(engine::Weight served);
  void begin_drain();
  void end_silent();
  void end_all();
  bool serve(DispatchedCall& call);
  Result<void> answer(DispatchedCall& call, ReplyBatch& replies);
  void make_ready(DispatchedCall& call);
  bool try_watch(DispatchedCall& call) noexcept;
  void watch(DispatchedCall& call);
  void unwatch(DispatchedCall& call);
  void limit_silence(DispatchedCall& call);
  void stop_silence(DispatchedCall& call);
  std::array<SilentCalls*, 2> silent_calls() { return {&unspoken_, &silent_}; }
  void note_progress(DispatchedCall& call, std::size_t bytes, Deadline before);
  void stop_timing(DispatchedCall& call);
  void end(DispatchedCall& call, const CallEnd& how);
  Deadline next_silence_end() const;
  bool is_over() const { return is_complete_ && call_count_ == 0; }
  std::unique_ptr<ReplyBatch> take_batch() noexcept;

  ServerState& state_;
  const Service& service_;
  engine::EventLoop& loop_;
  MessageCount messages_;
  engine::LoopEvent has_work_;
  std::optional<DispatchFibers> fibers_;
  OrderedCalls ready_;
  OrderedCalls ready_bulk_;  ///< Ready calls whose last piece was large.
  // Each list is in the order of its calls' deadlines. A call stays in its place until a byte of a
  // message has come: a part of a record of TLS is none.
  SilentCalls unspoken_;  ///< Calls from which no byte has arrived yet.
  SilentCalls silent_;    ///< Silent calls from which some have.
  BegunCalls begun_;      ///< Calls with an unfinished message whose time is not over.
  std::vector<std::unique_ptr<ReplyBatch>> spare_batches_;
  std::size_t batch_count_ = 0;  ///< Unused or in use.
  static constexpr Deadline kNobodyWaits = Deadline::at(Instant::min());
  Deadline waits_until_ = kNobodyWaits;  ///< The deadline of the fiber that waits for calls.
  Instant slice_end_{};
  unsigned light_count_ = 0;  ///< Light calls that were served since the last heavy one.
  std::size_t call_count_ = 0;
  bool is_complete_ = false;  ///< No more calls will be added.
  bool is_draining_ = false;
};

}  // namespace hotline::server
