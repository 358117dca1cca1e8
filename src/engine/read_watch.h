#pragma once

#include "engine/wait.h"

namespace hotline::engine {

/// A wait, without a fiber, for a stream socket to have something to receive. EventLoop::watch()
/// begins it; its notification or EventLoop::unwatch() ends it. Its weight says how much work the
/// last data of the stream caused. Loop thread only.
class ReadWatch : public Wait {
 public:
  /// Called exactly once for each watch(), on the loop thread, possibly before watch() returns.
  /// Bytes, an end or an error have arrived, so that a receive would most likely not wait, or the
  /// channel was closed. Must not block.
  virtual void ready() noexcept = 0;

 protected:
  ReadWatch() = default;
  ~ReadWatch() = default;

 private:
  void interrupt(int) noexcept final {}
  void completed() noexcept final { ready(); }
};

}  // namespace hotline::engine
