#pragma once

#include <deque>

#include "engine/wait.h"

namespace hotline::engine {

/// Lets the fibers of one loop do something one at a time, in the order in which they came. On a
/// thread without a loop there is nobody else, and it does nothing. Loop thread only.
class Turn {
 public:
  /// Holds the turn while it lives; suspends the fiber until it has it.
  class Holder {
   public:
    explicit Holder(Turn& turn);
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder();

   private:
    Turn& turn_;
  };

 private:
  class TurnWait;

  bool is_taken_ = false;
  std::deque<TurnWait*> waiting_;
};

}  // namespace hotline::engine
