#pragma once

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// Drains or cancels the waits of a thread without a loop, or of a process forked from this one. It
/// is an eventfd(2), so that it works across fork. Any thread, any process.
class Interrupter {
 public:
  /// Not valid (fd() < 0) if no descriptor was left; it then never interrupts anything.
  Interrupter();

  /// Ends waits that have nothing pending, with kDrainEnd.
  void drain() noexcept { add(kDrainCount); }

  /// Ends every wait, with kCancelEnd.
  void cancel() noexcept { add(kCancelCount); }

  int fd() const { return fd_.get(); }

  /// Returns what was requested since the last call: 0, kDrainEnd or kCancelEnd. Only the waiting
  /// side calls it.
  int take_end_code() noexcept;

 private:
  static constexpr unsigned long long kDrainCount = 1;
  static constexpr unsigned long long kCancelCount = 1ULL << 32;

  void add(unsigned long long count) noexcept;

  UniqueFd fd_;
};

}  // namespace hotline::engine
