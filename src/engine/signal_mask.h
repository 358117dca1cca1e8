#pragma once

#include <csignal>

namespace hotline::engine {

/// The signals that a thread blocks, as they were when the object was made. One thread.
class SignalMask {
 public:
  SignalMask() noexcept;

  /// Makes the calling thread block those signals, and no others.
  void restore() const noexcept;

 private:
  sigset_t blocked_;
};

}  // namespace hotline::engine
