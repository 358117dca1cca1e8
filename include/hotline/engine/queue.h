#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "hotline/core/public.h"
#include "hotline/engine/semaphore.h"

namespace hotline HOTLINE_PUBLIC {

/// The part of a Queue that does not depend on the type of its values. Use Queue.
class QueueBase {
 public:
  /// Closes the queue: it accepts no more values, but those in it can still be popped. Ends every
  /// wait for room and, once the queue is empty, for a value, with `closed`. Any thread;
  /// idempotent.
  void close();

  bool is_closed() const;

  /// Returns the number of values in the queue now.
  std::size_t size() const;
  std::size_t capacity() const { return capacity_; }

 protected:
  explicit QueueBase(std::size_t capacity);
  ~QueueBase() = default;

  Result<void> wait_for_room(Deadline deadline);
  Result<void> wait_for_value(Deadline deadline);

  /// Places in the ring of values, with mutex_ held: of the next value, for which there must be
  /// room, and of the first value, which must exist.
  std::size_t place_to_fill();
  std::size_t place_to_empty();

  static Error closed_error();

  mutable std::mutex mutex_;
  Semaphore room_;
  Semaphore values_{0};
  bool is_closed_ = false;

 private:
  std::size_t capacity_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

/// A bounded queue that passes values in order from any number of producers to any number of
/// consumers, which are fibers or threads. Works between loops, and in simulated worlds. When it is
/// full, push() waits and try_push() returns false. It allocates the memory for `capacity` values
/// at the start.
///
///     Queue<std::string> lines(64);
///     ...
///     if (!lines.push("text")) return;       // waits while there are 64; fails once it is closed
///     ...
///     while (auto line = lines.pop()) use(*line);  // until it is closed and empty
///
/// Any thread. Not shared with processes that are forked. `T` moves without throwing. Destroy it
/// when no fiber or thread waits in it or will call it.
template <typename T>
class Queue : public QueueBase {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "a value must be movable without an exception: use std::unique_ptr");

 public:
  /// Makes a queue for `capacity` values, at least 1; the program aborts if it is 0. Throws
  /// std::bad_alloc.
  explicit Queue(std::size_t capacity) : QueueBase(capacity), ring_(capacity) {}

  /// Appends `value` after waiting for room. Fails with `closed` after close(), with `timed_out` at
  /// `deadline`, with `cancelled`, and with `resource_exhausted` if there is no memory or
  /// descriptor for the wait; `value` is then unchanged. A drain does not end it.
  Result<void> push(T&& value, Deadline deadline = Deadline::never()) {
    if (auto waited = wait_for_room(deadline); !waited) return waited;
    if (!append(value)) return fail(closed_error());
    return {};
  }
  Result<void> push(const T& value, Deadline deadline = Deadline::never()) {
    return push(T(value), deadline);
  }

  /// Appends `value` if there is room now. Returns false, and leaves `value` unchanged, if the
  /// queue is full or closed. Never waits.
  bool try_push(T&& value) { return room_.try_acquire() && append(value); }
  bool try_push(const T& value) { return try_push(T(value)); }

  /// Removes and returns the first value after waiting for one. Fails only if there is none: with
  /// `closed` after close(), with `timed_out` at `deadline`, with `cancelled` and `draining`, and
  /// with `resource_exhausted` if there is no memory or descriptor for the wait. Use a DrainHold to
  /// remove every value even during a drain.
  Result<T> pop(Deadline deadline = Deadline::never()) {
    if (auto waited = wait_for_value(deadline); !waited) return fail(std::move(waited.error()));
    return take();
  }

  /// Removes and returns the first value if there is one now. Never waits.
  std::optional<T> try_pop() {
    if (!values_.try_acquire()) return std::nullopt;
    return take();
  }

 private:
  /// Call it with a permit of room_.
  bool append(T& value) {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return false;
    ring_[place_to_fill()].emplace(std::move(value));
    // Released with mutex_ held, before a close() can come, so that consumers find the value.
    values_.release();
    return true;
  }

  /// Call it with a permit of values_.
  T take() {
    const auto take_out = [this] {
      const std::lock_guard lock(mutex_);
      std::optional<T>& place = ring_[place_to_empty()];
      T value = std::move(*place);
      place.reset();
      return value;
    };
    T value = take_out();
    room_.release();
    return value;
  }

  std::vector<std::optional<T>> ring_;
};

}  // namespace hotline
