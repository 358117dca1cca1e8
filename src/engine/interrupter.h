#pragma once

#include <atomic>
#include <memory>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// Drains or cancels the waits of a thread without a loop, or of a process forked from this one.
/// Asking whether it does costs no system call. Any thread; any process of its reach.
class Interrupter {
 public:
  /// The processes that have the same requests: this one, or also those that it forks.
  enum class Reach : bool { this_process, forked_processes };

  /// Not valid (fd() < 0) if no descriptor or memory was left; it then never interrupts anything.
  explicit Interrupter(Reach reach = Reach::this_process);

  /// Ends waits that have nothing pending, with kDrainEnd.
  void drain() noexcept { request(kDrainRequest); }

  /// Ends every wait, with kCancelEnd.
  void cancel() noexcept { request(kCancelRequest); }

  /// Returns the descriptor to poll for POLLIN, which may also be readable without a new request.
  int fd() const { return fd_.get(); }

  /// Makes fd() unreadable until the next request, and returns true if it was readable. Only the
  /// waiting side calls it, before take_end_code().
  bool clear_wakeup() noexcept;

  /// Returns what was requested since the last call: 0, kDrainEnd or kCancelEnd. Only the waiting
  /// side calls it.
  int take_end_code() noexcept;

 private:
  static constexpr unsigned kDrainRequest = 1;
  static constexpr unsigned kCancelRequest = 2;

  struct Unmap {
    void operator()(std::atomic<unsigned>* requests) const noexcept;
  };

  std::atomic<unsigned>& requests() noexcept { return shared_ ? *shared_ : own_; }
  void request(unsigned which) noexcept;

  UniqueFd fd_;  ///< An eventfd(2).
  std::atomic<unsigned> own_{0};
  std::unique_ptr<std::atomic<unsigned>, Unmap> shared_;  ///< Null if only for this process.
};

}  // namespace hotline::engine
