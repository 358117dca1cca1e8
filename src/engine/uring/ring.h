#pragma once

#include <liburing.h>

#include <cstddef>

#include "engine/annotations.h"
#include "engine/uring/completion.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

/// The flags with which a ring was made, as text.
struct RingFlags {
  unsigned bits;
  const char* text;
};

/// Makes a ring with the best flags that the kernel takes: 0, or a negated errno.
int make_ring(io_uring& ring, RingFlags& accepted);

/// The pair of queues shared with the kernel. Belongs to the thread that made it.
class Ring {
 public:
  /// How many completions the kernel queues before it keeps them elsewhere.
  static constexpr unsigned kCompletionEntries = 4096;

  /// Throws std::system_error if the kernel does not allow it.
  Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    RingMapping::end();
    io_uring_queue_exit(&ring_);
  }

  /// A submission to fill. If the queue is full, what is in it is submitted first.
  io_uring_sqe& next_entry();

  /// The same, whose completion goes to `target`.
  io_uring_sqe& next_entry(Completion& target);

  /// Takes note that the last entry sends `bytes`: with enough of them everything is submitted at
  /// once, while the bytes are in the cache, else with the next wait.
  void note_send(std::size_t bytes);

  /// Submits everything that is due, now: afterwards a descriptor that it names may be closed.
  void flush();

  /// Asks for the end of what was submitted for `target`. Its terminal completion still comes.
  void cancel(Completion& target);

  /// Submits what is due, has the kernel do what it has deferred, and waits for a completion until
  /// `until`; not at all if that has passed at `now`, or if completions are there already.
  void submit_and_wait(Instant now, Deadline until);

  /// Submits what is due and has the kernel complete everything that can be by now, up to a full
  /// queue, without waiting.
  void submit_and_catch_up();

  /// Hands every completion that there is to its target: how many there were.
  unsigned reap();

  io_uring& raw() { return ring_; }

 private:
  void submit();

  io_uring ring_;
  std::size_t unsubmitted_send_bytes_ = 0;
};

}  // namespace hotline::engine
