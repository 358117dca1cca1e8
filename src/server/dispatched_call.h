#pragma once

#include <cassert>
#include <memory>

#include "engine/read_watch.h"
#include "framing/frame_assembler.h"
#include "hotline/core/deadline.h"
#include "hotline/net/stream.h"
#include "net/progress_deadline.h"
#include "server/admitted_call.h"
#include "server/call_messages.h"

namespace hotline::server {

class FrameDispatcher;
class DispatchedCall;

/// The neighbours of a call in a list.
struct CallLinks {
  DispatchedCall* previous = nullptr;
  DispatchedCall* next = nullptr;
};

/// One framed call of a FrameDispatcher. While the call is silent, it uses no other memory.
class DispatchedCall final : public engine::ReadWatch {
 public:
  DispatchedCall(FrameDispatcher& dispatcher, AdmittedCall call, CallMessages handlers,
                 framing::FrameAssembler assembler)
      : slot(std::move(call.slot)),
        stream(std::move(call.stream)),
        identity(std::move(call.identity)),
        messages(std::move(handlers)),
        frames(std::move(assembler)),
        dispatcher_(dispatcher) {}

  void ready() noexcept override;

  CallSlot slot;  ///< Released after the stream has closed.
  Stream stream;
  std::unique_ptr<Identity> identity;  ///< Null if it is not known.
  CallMessages messages;
  framing::FrameAssembler frames;
  net::ProgressDeadline message;              ///< The deadline of the message that has begun.
  Deadline silent_until = Deadline::never();  ///< The call is closed then if it is still silent.
  bool is_watched = false;
  bool is_limited = false;  ///< The call is in a list of those that are silent.
  bool is_timed = false;    ///< The call is in the list of the calls whose message has begun.
  bool has_spoken = false;
  bool has_frames_left = false;  ///< Served again before it is watched.

 private:
  template <CallLinks DispatchedCall::*kLinks>
  friend class CallList;
  friend class FrameDispatcher;

  FrameDispatcher& dispatcher_;
  CallLinks order_;    ///< The neighbours in the list of the calls that are ready.
  CallLinks silence_;  ///< The neighbours in the list of the calls that are silent in the same way.
  CallLinks begun_;    ///< The neighbours in the list of the calls whose message has begun.
};

/// A list of calls, which it does not own. A call is in at most one list per `kLinks`.
template <CallLinks DispatchedCall::*kLinks>
class CallList {
 public:
  bool is_empty() const { return first_ == nullptr; }
  DispatchedCall& first() const {
    assert(first_ != nullptr && "there is no first call in an empty list");
    return *first_;
  }

  void push_back(DispatchedCall& call) {
    call.*kLinks = {last_, nullptr};
    (last_ == nullptr ? first_ : (last_->*kLinks).next) = &call;
    last_ = &call;
  }

  void push_front(DispatchedCall& call) {
    call.*kLinks = {nullptr, first_};
    (first_ == nullptr ? last_ : (first_->*kLinks).previous) = &call;
    first_ = &call;
  }

  void remove(DispatchedCall& call) {
    const CallLinks links = call.*kLinks;
    assert((links.previous == nullptr) == (first_ == &call) &&
           (links.next == nullptr) == (last_ == &call) && "a call is removed from another's list");
    (links.previous == nullptr ? first_ : (links.previous->*kLinks).next) = links.next;
    (links.next == nullptr ? last_ : (links.next->*kLinks).previous) = links.previous;
  }

 private:
  DispatchedCall* first_ = nullptr;
  DispatchedCall* last_ = nullptr;
};

}  // namespace hotline::server
