#pragma once

#include <chrono>

namespace hotline::engine {

/// Decides if a thread waits for the data of a connection in recv(2) itself. A poll(2) before it
/// lets another thread end the wait at once, but costs two more system calls. So the first waits of
/// a connection are polls, and so are those after a wait that took kMax: only a busy connection is
/// waited for in recv(2), and then for kMax at most. One thread at a time.
class CallWait {
 public:
  static constexpr std::chrono::milliseconds kMax{20};

  /// After so many waits a connection counts as busy.
  static constexpr unsigned kWaitsBefore = 4;

  /// Allows it. For a connection whose mode no other program shares.
  void allow() {
    if (state_ == State::unset) state_ = State::allowed;
  }

  /// Returns true if recv(2) without MSG_DONTWAIT waits for at most kMax.
  bool is_on() const { return state_ == State::set_up && waits_ >= kWaitsBefore; }

  /// Notes that a thread is about to poll for the data of `fd`.
  void note_poll(int fd) noexcept;

  /// Notes that no data came for kMax.
  void note_idle() noexcept { waits_ = 0; }

  /// Forbids it from now on, also if it is allowed again: calls on `fd` that have no MSG_DONTWAIT
  /// return at once, and go on to do so.
  void forbid(int fd) noexcept;

 private:
  enum class State : unsigned char { unset, allowed, set_up, forbidden };

  void set_up(int fd) noexcept;

  State state_ = State::unset;
  unsigned waits_ = 0;
};

}  // namespace hotline::engine
