#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/buffer.h"
#include "engine/wait.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

class Channel;
class Engine;
class StarvedQueue;

/// What an engine keeps for one descriptor: made by the engine at the first wait, given back to it.
class ChannelState {
 public:
  virtual ~ChannelState() = default;

  Channel* channel = nullptr;  ///< Null once the channel has gone and only completions are awaited.
  ChannelState* previous = nullptr;
  ChannelState* next = nullptr;
  StarvedQueue* starved_in = nullptr;    ///< Where it waits for a receive buffer, if it does.
  ChannelState* next_starved = nullptr;  ///< The one after it there.
  Weight weight = Weight::light;         ///< Of what was received last.

  bool is_starved() const { return starved_in != nullptr; }
};

/// One descriptor as the engine of the current thread knows it. Owns the descriptor. Engines attach
/// to it when it is first waited on; it may go to another thread after withdraw(), never while an
/// operation on it is under way.
class Channel {
 public:
  /// What an engine had taken from the kernel and nobody had asked for yet.
  struct Carried {
    std::vector<Buffer> buffers;
    std::vector<UniqueFd> descriptors;
    int end = 1;  ///< How receiving had ended: 0 or a negated errno; 1 if it had not.

    /// Makes room for so many more, before an engine takes them out of its own queue.
    void reserve(std::size_t more_buffers, std::size_t more_descriptors);
  };

  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { close(); }

  int fd() const { return fd_.get(); }
  bool is_open() const { return static_cast<bool>(fd_); }

  /// Whether a loop has waited on it, and it has not left that loop.
  bool is_attached() const { return engine_ != nullptr; }

  /// Ends the engine's interest. What it had received or accepted and the lease, copied if need be,
  /// stay with the channel: nothing is lost. Thread of the engine only, else the program is
  /// aborted; may suspend the fiber.
  /// Throws std::bad_alloc: then the engine still has the channel, and nothing is lost either.
  void withdraw();

  /// Ends the engine's interest, drops what nobody asked for and closes the descriptor. Idempotent.
  /// Thread of the engine only, else the program is aborted.
  void close();

  /// The lease of the stream over this channel and what of it is still unread.
  Buffer lease;
  MutableBytes unread;

  std::unique_ptr<Carried> carried;

 private:
  friend class Engine;

  void check_thread() const;

  UniqueFd fd_;
  Engine* engine_ = nullptr;
  ChannelState* state_ = nullptr;
};

}  // namespace hotline::engine
