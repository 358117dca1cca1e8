#pragma once

#include "engine/wait.h"

namespace hotline::engine {

/// A wait for a stream socket to have something to receive, without a fiber that waits: begun by
/// EventLoop::watch, ended by EventLoop::unwatch or by its being told. Its weight says how much
/// there was to do with what the stream brought last. Loop thread only.
class ReadWatch : public Wait {
 public:
  /// A receive would not wait, most likely: bytes, an end or an error are there; or the channel was
  /// closed. Told once for each watch(), on the loop, perhaps from within it: nothing that waits.
  virtual void ready() noexcept = 0;

 protected:
  ReadWatch() = default;
  ~ReadWatch() = default;

 private:
  void interrupt(int) noexcept final {}
  void completed() noexcept final { ready(); }
};

}  // namespace hotline::engine
