#pragma once

#include "engine/read_watch.h"
#include "framing/frame_assembler.h"
#include "hotline/core/deadline.h"
#include "hotline/net/stream.h"
#include "net/progress_deadline.h"
#include "server/admitted_call.h"

namespace hotline::server {

class FrameDispatcher;

/// One framed call of a FrameDispatcher: all that there is of it while it is silent.
class FramedCall final : public engine::ReadWatch {
 public:
  FramedCall(FrameDispatcher& dispatcher, AdmittedCall call, framing::FrameAssembler assembler)
      : slot(std::move(call.slot)),
        stream(std::move(call.stream)),
        frames(std::move(assembler)),
        dispatcher_(dispatcher) {}

  void ready() noexcept override;

  CallSlot slot;  ///< Given back once the stream has gone.
  Stream stream;
  framing::FrameAssembler frames;
  net::ProgressDeadline message;              ///< Of one that has begun.
  Deadline silent_until = Deadline::never();  ///< While it is watched.
  bool has_spoken = false;
  bool has_frames_left = false;  ///< Of the last piece: it is served again before it is watched.
  engine::Weight weight = engine::Weight::light;  ///< Of the last piece.

 private:
  friend class FramedCallList;

  FrameDispatcher& dispatcher_;
  FramedCall* previous_ = nullptr;
  FramedCall* next_ = nullptr;
};

/// Calls in an order; each is in one list at a time. Does not own them.
class FramedCallList {
 public:
  bool is_empty() const { return first_ == nullptr; }
  FramedCall& first() const { return *first_; }

  void push_back(FramedCall& call) {
    call.previous_ = last_;
    call.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &call;
    last_ = &call;
  }

  /// Puts `call` behind the last whose `silent_until` is not later. Of calls with one timeout that
  /// is the end; of messages that have begun, those that began later are passed over.
  void insert_in_order(FramedCall& call) {
    FramedCall* before = last_;
    while (before != nullptr && before->silent_until > call.silent_until) {
      before = before->previous_;
    }
    call.previous_ = before;
    call.next_ = before == nullptr ? first_ : before->next_;
    (before == nullptr ? first_ : before->next_) = &call;
    (call.next_ == nullptr ? last_ : call.next_->previous_) = &call;
  }

  void remove(FramedCall& call) {
    (call.previous_ == nullptr ? first_ : call.previous_->next_) = call.next_;
    (call.next_ == nullptr ? last_ : call.next_->previous_) = call.previous_;
  }

 private:
  FramedCall* first_ = nullptr;
  FramedCall* last_ = nullptr;
};

}  // namespace hotline::server
