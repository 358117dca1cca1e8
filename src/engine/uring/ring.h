#pragma once

#include <liburing.h>

#include <cstddef>

#include "engine/annotations.h"
#include "engine/uring/completion.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

/// The flags with which a ring was made, and their names.
struct RingFlags {
  unsigned bits;
  const char* text;
};

/// Makes a ring with the best flags that the kernel accepts. Returns 0 or a negated errno.
int make_ring(io_uring& ring, RingFlags& accepted);

/// The pair of queues that is shared with the kernel. Only the thread that made it may use it.
class Ring {
 public:
  /// The number of completions that the kernel queues before it keeps them elsewhere.
  static constexpr unsigned kCompletionEntries = 4096;

  /// Throws std::system_error if the kernel does not allow it.
  Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    RingMapping::end();
    io_uring_queue_exit(&ring_);
  }

  /// Returns a submission entry to fill in. If the queue is full, submits it first.
  io_uring_sqe& next_entry();

  /// The same; its completion goes to `target`.
  io_uring_sqe& next_entry(Completion& target);

  /// Records that the last entry sends `bytes`. When enough of them have accumulated, submits
  /// everything at once, while the bytes are in the cache; otherwise the next wait submits.
  void note_send(std::size_t bytes);

  /// Submits everything that is pending. After that, a descriptor that an entry names may be
  /// closed.
  void flush();

  /// Cancels what was submitted for `target`. Its terminal completion still arrives.
  void cancel(Completion& target);

  /// Submits what is pending, lets the kernel do deferred work, and waits for a completion until
  /// `until`. Does not wait if `until` has passed at `now` or if there are completions already.
  void submit_and_wait(Instant now, Deadline until);

  /// Submits what is pending and lets the kernel complete everything that can be completed now, up
  /// to a full queue, without waiting.
  void submit_and_catch_up();

  /// Passes every completion in the queue to its target. Returns how many there were.
  unsigned reap();

  io_uring& raw() { return ring_; }

 private:
  void submit();

  io_uring ring_;
  std::size_t unsubmitted_send_bytes_ = 0;
};

}  // namespace hotline::engine
