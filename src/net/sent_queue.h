#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/channel.h"
#include "engine/error_queue_reader.h"
#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// Reads the error queue of a UDP socket: keeps the sent times that the kernel has put there, and
/// notes the error if a peer's machine has reported one. Until keep() it only empties the queue.
class SentQueue final : public engine::ErrorQueueReader {
 public:
  /// From now on keeps the last `count` datagrams that were not taken, each of at most
  /// `datagram_bytes_max`. With 0 keeps none.
  void keep(std::size_t count, std::size_t datagram_bytes_max);
  bool is_keeping() const { return filling_.size() > 0; }

  /// Call it after `count` datagrams that want their time were sent. Reads the queue now and then,
  /// because what is in it takes room from datagrams that arrive.
  void note_sent(engine::Channel& channel, std::size_t count);

  /// If more come than it keeps, drops the oldest. Notes no error, because the operation that calls
  /// this has returned it already.
  void read_errors(engine::Channel& channel) noexcept override;

  /// Returns true if a sent time has been asked for that has not come yet.
  bool expects_errors() const noexcept override { return awaited_ > 0; }

  /// Reads the queue as far as there is room. Returns 0 or a negated errno.
  int fill(engine::Channel& channel) noexcept;

  /// Returns what was read since the last call. Valid until the next call.
  std::span<const SentDatagram> take();

  /// Returns the negated errno of an error that was in the queue, once; otherwise 0.
  int take_error() { return std::exchange(error_, 0); }

 private:
  /// Room for a number of datagrams, which is filled round and round.
  struct Ring {
    struct Control {
      alignas(cmsghdr) std::byte bytes[256];
    };

    void allocate(std::size_t count, std::size_t datagram_bytes_max);
    std::size_t size() const { return headers.size(); }
    std::size_t room() const { return size() - filled; }
    std::span<mmsghdr> prepare(std::size_t count_max) noexcept;

    std::unique_ptr<std::byte[]> memory;
    std::vector<iovec> pieces;
    std::vector<Control> controls;
    std::vector<mmsghdr> headers;
    std::vector<SentDatagram> datagrams;  ///< Without a time if the kernel gave none.
    std::size_t next = 0;                 ///< The place to be filled next.
    std::size_t filled = 0;               ///< The number of places before `next` that are filled.
  };

  void empty(engine::Channel& channel) noexcept;
  int read(engine::Channel& channel, std::size_t count_max) noexcept;
  void drop_all(engine::Channel& channel) noexcept;
  void note(std::size_t index) noexcept;
  bool note_error(const msghdr& message) noexcept;

  Ring filling_;
  Ring given_;  ///< Holds what the last take() returned.
  std::vector<SentDatagram> in_order_;
  std::size_t sent_since_read_ = 0;
  std::size_t awaited_ = 0;  ///< Sent times that have not come yet. Some never do.
  int error_ = 0;
};

}  // namespace hotline::net
