#pragma once

#include "engine/read_watch.h"
#include "framing/frame_assembler.h"
#include "hotline/core/deadline.h"
#include "hotline/net/stream.h"
#include "net/progress_deadline.h"
#include "server/admitted_call.h"
#include "server/call_messages.h"

namespace hotline::server {

class FrameDispatcher;
class FramedCall;

/// The neighbours of a call in a list.
struct CallLinks {
  FramedCall* previous = nullptr;
  FramedCall* next = nullptr;
};

/// One framed call of a FrameDispatcher. While the call is silent, it uses no other memory.
class FramedCall final : public engine::ReadWatch {
 public:
  FramedCall(FrameDispatcher& dispatcher, AdmittedCall call, CallMessages handlers,
             framing::FrameAssembler assembler)
      : slot(std::move(call.slot)),
        stream(std::move(call.stream)),
        messages(std::move(handlers)),
        frames(std::move(assembler)),
        dispatcher_(dispatcher) {}

  void ready() noexcept override;

  CallSlot slot;  ///< Released after the stream has closed.
  Stream stream;
  CallMessages messages;
  framing::FrameAssembler frames;
  net::ProgressDeadline message;              ///< The deadline of the message that has begun.
  Deadline silent_until = Deadline::never();  ///< The call is closed then if it is still silent.
  bool is_watched = false;
  bool is_timed = false;  ///< The call is in the list of the calls whose message has begun.
  bool has_spoken = false;
  bool has_frames_left = false;  ///< Served again before it is watched.

 private:
  template <CallLinks FramedCall::*kLinks>
  friend class CallList;
  friend class FrameDispatcher;

  FrameDispatcher& dispatcher_;
  CallLinks order_;  ///< The neighbours in the list of the calls that are ready, or are watched in
                     ///< the same way.
  CallLinks begun_;  ///< The neighbours in the list of the calls whose message has begun.
};

/// A list of calls, which it does not own. A call is in at most one list per `kLinks`.
template <CallLinks FramedCall::*kLinks>
class CallList {
 public:
  bool is_empty() const { return first_ == nullptr; }
  FramedCall& first() const { return *first_; }

  void push_back(FramedCall& call) {
    call.*kLinks = {last_, nullptr};
    (last_ == nullptr ? first_ : (last_->*kLinks).next) = &call;
    last_ = &call;
  }

  void push_front(FramedCall& call) {
    call.*kLinks = {nullptr, first_};
    (first_ == nullptr ? last_ : (first_->*kLinks).previous) = &call;
    first_ = &call;
  }

  void remove(FramedCall& call) {
    const CallLinks links = call.*kLinks;
    (links.previous == nullptr ? first_ : (links.previous->*kLinks).next) = links.next;
    (links.next == nullptr ? last_ : (links.next->*kLinks).previous) = links.previous;
  }

 private:
  FramedCall* first_ = nullptr;
  FramedCall* last_ = nullptr;
};

}  // namespace hotline::server
