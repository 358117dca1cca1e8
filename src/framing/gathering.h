#pragma once

#include <cstddef>

#include "framing/gathering_budget.h"
#include "framing/spare_blocks.h"
#include "hotline/core/bytes.h"

namespace hotline::framing {

/// Memory for one frame that arrives in pieces. It grows with what has arrived, at most to twice
/// that, so that a length that was only announced costs nothing. Throws std::bad_alloc if there is
/// no memory left, and GatheringBudget::Exhausted if the budget is used up.
class Gathering {
 public:
  /// `budget` must outlive this object; null: no limit.
  explicit Gathering(GatheringBudget* budget = nullptr) : budget_(budget) {}
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;
  ~Gathering() { release(); }

  MutableBytes bytes() { return {block_.memory.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Returns how much of a frame of `frame_bytes` would fit after what is there, by those rules.
  std::size_t room_for(std::size_t frame_bytes) const;

  /// Returns that room, to read into; call advance() with the number of bytes that were read.
  MutableBytes make_room_for(std::size_t frame_bytes);
  void advance(std::size_t count) { size_ += count; }

  /// Appends `piece`, and makes room by those rules for more of a frame of `frame_bytes`.
  void append(Bytes piece, std::size_t frame_bytes);

  /// Starts again. Keeps a little memory, for a stream that goes on.
  void clear();

  /// Starts again, without any memory.
  void release();

 private:
  void grow(std::size_t capacity);
  void make_block(std::size_t bytes);

  GatheringBudget* budget_;
  Block block_{};
  std::size_t capacity_ = 0;  ///< What is counted: the block may have more.
  std::size_t size_ = 0;
};

}  // namespace hotline::framing
