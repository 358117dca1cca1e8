#pragma once

namespace hotline::engine {

class Channel;

/// Empties the error queue of an IP socket. While that queue holds anything, every wait on the
/// socket ends at once, although there is nothing to receive and no room to send.
class ErrorQueueReader {
 public:
  /// Takes all that is in the queue. Does not wait.
  virtual void read_errors(Channel& channel) noexcept = 0;

  /// Returns true if the kernel is expected to put something into the queue.
  virtual bool expects_errors() const noexcept = 0;

 protected:
  ~ErrorQueueReader() = default;
};

}  // namespace hotline::engine
