#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/retry_guess.h"
#include "engine/uring/uring_loop.h"

// What a UringLoop keeps for its waits and descriptors. Only its own sources include this.

namespace hotline::engine {

/// Completes a wait with the result from the kernel, even if the wait was to end earlier for
/// another reason: a result that has arrived is never discarded.
class UringLoop::SubmittedWait final : public Wait, public Completion {
 public:
  SubmittedWait(UringLoop& loop, bool is_drainable) : loop_(loop), is_drainable_(is_drainable) {}

  void interrupt(int end_code) noexcept override {
    if (end_code_ == 0) loop_.ring_.cancel(*this);
    end_code_ = std::max(end_code_, end_code);
  }
  bool is_drainable() const noexcept override { return is_drainable_; }

  /// Returns true if the stream must not write again. A part of this write may have been sent.
  bool is_cut() const { return end_code_ == kShortageEnd; }

  void complete(int result, unsigned) noexcept override {
    const bool was_cancelled = end_code_ != 0 && (result == -ECANCELED || result == -EINTR);
    loop_.EventLoop::complete(*this, was_cancelled ? -end_code_ : result);
  }

 private:
  UringLoop& loop_;
  bool is_drainable_;
  int end_code_ = 0;
};

/// The multishot of one descriptor and what it has brought. It outlives its channel until the
/// terminal completion.
struct UringLoop::State final : ChannelState, Completion {
  explicit State(UringLoop& owner) : loop(owner) {}

  void complete(int result, unsigned flags) noexcept override {
    if (is_listener) {
      loop.accepted(*this, result, flags);
    } else {
      loop.received(*this, result, flags);
    }
  }
  bool is_empty() const { return first == BufferPool::kNone && !has_accepted(); }
  std::span<const int> accepted() const {
    return accepted_fds ? std::span<const int>(*accepted_fds) : std::span<const int>();
  }
  bool has_accepted() const { return !accepted().empty(); }
  void wake(UringLoop& owner) {
    if (waiter == nullptr) return;
    waiter->set_weight(weight);
    owner.EventLoop::complete(*std::exchange(waiter, nullptr), 0);
  }

  UringLoop& loop;
  Wait* waiter = nullptr;
  std::array<SubmittedWait*, 2>
      submitted{};  ///< The waits to read and to write, besides the multishot.
  std::uint32_t first = BufferPool::kNone;
  std::uint32_t last = BufferPool::kNone;
  std::uint32_t queued_count = 0;
  int end = 1;  ///< How receiving ended: 0 or a negated errno; 1 if it has not ended.
  bool is_listener = false;
  bool is_armed = false;
  bool is_stopping = false;
  bool is_dry = false;           ///< The last attempt emptied the descriptor: poll before the next.
  bool is_cut = false;           ///< cut_longest_blocked() has cut it: it must not write any more.
  bool is_direct = false;        ///< The peer sends faster than the stream reads: receive only on
                                 ///< request, without a multishot.
  RetryGuess retry;              ///< For datagrams.
  std::uint32_t lone_count = 0;  ///< The receives in a row that brought one datagram each.
  std::unique_ptr<std::vector<int>> accepted_fds;  ///< Used for a listener.
};

}  // namespace hotline::engine
