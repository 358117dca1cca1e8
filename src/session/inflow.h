#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "session/bulk_memory.h"

namespace hotline::session {

/// Gives the memory of an empty buffer back if it is more than `bytes_max`.
inline void drop_if_large(std::string& empty, std::size_t bytes_max) {
  // An assignment would keep it.
  if (empty.capacity() > bytes_max) std::string().swap(empty);
}

/// Credit beyond the first credit of each flow, which the flows of a session share.
struct GrowthPool {
  std::uint64_t left = 0;
};

/// One flow that the peer sends: what has arrived and was not read, and how much credit the peer
/// has. The credit grows while the reader is faster than the credit allows the peer to be.
class Inflow {
 public:
  /// `credit`: what the peer has at first; it grows to `credit_max`.
  void begin(std::uint32_t credit, std::uint32_t credit_max) {
    window_ = unused_ = first_ = credit;
    window_max_ = std::max(credit, credit_max);
  }

  /// Keeps bytes that have arrived: a copy, or if it is not null `memory`, of which they are a
  /// part. `order` counts arrivals on the stream.
  void add(Bytes bytes, std::uint64_t order, SharedMemory memory = nullptr);

  void note_end(std::uint64_t total, Bytes trailer, std::uint64_t order);

  /// Returns the bytes that came first, as many as are in one place, and lends them until
  /// give_back(). There are some: see is_empty().
  Bytes lend();

  /// Ends the loan of lend(). Call it before the next one.
  void give_back();

  /// Returns how much credit to give the peer now: 0 if what it has suffices. If the reader is
  /// about to wait (`is_empty()`), the credit may grow by some of `pool`.
  std::uint32_t take_credit(GrowthPool& pool);

  /// Returns what take_credit() has taken from the pool.
  std::uint64_t growth() const { return window_ - first_; }

  bool is_empty() const { return pieces_.empty(); }
  bool has_ended() const { return has_ended_; }

  /// Returns true once the reader has seen the end.
  bool is_done() const { return is_end_read_; }
  void note_end_read() { is_end_read_ = true; }

  /// Returns when the first unread bytes, or the end, came; see add().
  std::uint64_t order() const { return is_empty() ? end_order_ : pieces_.front().order; }

  std::uint64_t total() const { return total_; }
  const std::string& trailer() const { return trailer_; }

 private:
  /// Bytes that came one after another.
  struct Piece {
    std::uint64_t order = 0;  ///< When the first of them came: see order().
    std::string copied{};
    SharedMemory memory{};  ///< What `shared` is a part of, if it is not null.
    Bytes shared{};

    Bytes bytes() const { return memory ? shared : as_bytes(copied); }
  };

  std::vector<Piece> pieces_;  ///< In order. None is empty.
  Piece lent_;
  std::string spare_;  ///< Empty, with memory for what arrives next.
  std::uint64_t end_order_ = 0;
  std::uint64_t total_ = 0;
  std::string trailer_;
  bool has_ended_ = false;
  bool is_end_read_ = false;
  std::uint64_t first_ = 0;   ///< The credit that it began with.
  std::uint64_t window_ = 0;  ///< The most that the peer may have unread here.
  std::uint64_t window_max_ = 0;
  std::uint64_t unused_ = 0;  ///< What the peer may still send.
  std::uint64_t owed_ = 0;    ///< What was read, and not granted again.
  bool was_short_ = false;    ///< The peer had nearly no credit since all was read last.
};

}  // namespace hotline::session
