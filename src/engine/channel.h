#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/buffer.h"
#include "engine/call_wait.h"
#include "engine/wait.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

class Channel;
class Engine;
class StarvedQueue;

/// What an engine keeps for one descriptor. The engine makes it at the first wait and takes it
/// back.
class ChannelState {
 public:
  virtual ~ChannelState() = default;

  Channel* channel = nullptr;  ///< Null when the channel has been destroyed and only completions
                               ///< are still expected.
  ChannelState* previous = nullptr;
  ChannelState* next = nullptr;
  StarvedQueue* starved_in = nullptr;    ///< Where it waits for a buffer, or null.
  ChannelState* next_starved = nullptr;  ///< The next one in that queue.
  Weight weight = Weight::light;         ///< The weight of what was received last.

  bool is_starved() const { return starved_in != nullptr; }
};

/// One descriptor, as the engine of the current thread sees it. Owns the descriptor. An engine
/// attaches to it at the first wait. After withdraw() it may go to another thread, but never while
/// an operation on it is in progress.
class Channel {
 public:
  /// What an engine had taken from the kernel before any operation asked for it.
  struct Carried {
    std::vector<Buffer> buffers;
    std::vector<UniqueFd> descriptors;
    int end = 1;  ///< How receiving ended: 0 or a negated errno; 1 if it had not ended.

    /// Reserves room for so many more, before an engine takes them out of its own queue.
    void reserve(std::size_t more_buffers, std::size_t more_descriptors);
  };

  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { close(); }

  int fd() const { return fd_.get(); }
  bool is_open() const { return static_cast<bool>(fd_); }

  /// Returns true if a loop has waited on the channel and the channel has not left that loop.
  bool is_attached() const { return engine_ != nullptr; }

  /// Detaches the channel from its engine. Nothing is lost: the channel keeps what the engine had
  /// received or accepted, and the lease, which is copied if necessary. Only on the thread of the
  /// engine; otherwise the program aborts. May suspend the fiber. Throws std::bad_alloc; the
  /// channel then stays attached, and nothing is lost either.
  void withdraw();

  /// Detaches the channel from its engine, discards what has not been read and closes the
  /// descriptor. Idempotent. Only on the thread of the engine; otherwise the program aborts.
  void close();

  /// The lease of the stream over this channel, and the part of it that has not been read.
  Buffer lease;
  MutableBytes unread;

  std::unique_ptr<Carried> carried;

  CallWait call_wait;

 private:
  friend class Engine;

  void check_thread() const;

  UniqueFd fd_;
  Engine* engine_ = nullptr;
  ChannelState* state_ = nullptr;
};

}  // namespace hotline::engine
