#pragma once

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// Asks a thread without a loop, or a process forked from this one, to drain or to end its waits.
/// An eventfd(2), so that it works across fork. Any thread, any process.
class Interrupter {
 public:
  /// Not valid (fd() < 0) if no descriptor was left: then nothing is ever interrupted.
  Interrupter();

  /// Waits with nothing pending end with kDrainEnd.
  void drain() noexcept { add(kDrainCount); }

  /// Every wait ends with kCancelEnd.
  void cancel() noexcept { add(kCancelCount); }

  int fd() const { return fd_.get(); }

  /// What has been asked since the last call: 0, kDrainEnd or kCancelEnd. By the waiting side only.
  int take_end_code() noexcept;

 private:
  static constexpr unsigned long long kDrainCount = 1;
  static constexpr unsigned long long kCancelCount = 1ULL << 32;

  void add(unsigned long long count) noexcept;

  UniqueFd fd_;
};

}  // namespace hotline::engine
