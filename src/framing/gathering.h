#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "framing/gathering_budget.h"
#include "hotline/core/bytes.h"

namespace hotline::framing {

/// Memory for one frame that arrives in pieces. It grows by what has arrived, at most to twice
/// that: a length that was only claimed costs nothing. Throws std::bad_alloc if there is none left,
/// GatheringBudget::Exhausted if the budget is used up.
class Gathering {
 public:
  /// `budget` outlives this; null: no bound.
  explicit Gathering(GatheringBudget* budget = nullptr) : budget_(budget) {}
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;
  ~Gathering() { release(); }

  MutableBytes bytes() { return {memory_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// How much of a frame of `frame_bytes` would fit behind what is there, by those rules.
  std::size_t room_for(std::size_t frame_bytes) const;

  /// That room, to be read into; advance() says how much was.
  MutableBytes make_room_for(std::size_t frame_bytes);
  void advance(std::size_t count) { size_ += count; }

  void append(Bytes piece);

  /// Begins anew. Keeps little memory, for a stream that goes on.
  void clear();

  /// Begins anew, with no memory at all.
  void release();

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };

  void grow(std::size_t capacity);

  GatheringBudget* budget_;
  // Of malloc's: to grow, large memory is not copied but mapped elsewhere.
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace hotline::framing
