#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

namespace hotline::engine {

/// Guesses for one socket whether more datagrams have arrived while the last ones were worked on.
/// Then another attempt saves the system call that waits; otherwise the attempt is wasted. After
/// each guess that was wrong it guesses more rarely.
class RetryGuess {
 public:
  /// Decides whether the next receive is attempted before a wait, after one that brought `count`
  /// datagrams and left none. Datagrams that come one by one are waited for.
  void consider(int count) noexcept {
    if (count < 2) return;
    if (pauses_ == 0) {
      is_chosen_ = true;
    } else {
      --pauses_;
    }
  }

  /// Returns true, once, if that was decided. Then note() must follow.
  bool take() noexcept { return std::exchange(is_chosen_, false); }

  /// Notes whether the attempt has found datagrams.
  void note(bool was_right) noexcept {
    wrong_in_a_row_ = was_right ? 0 : std::min(wrong_in_a_row_ + 1, kWrongMax);
    pauses_ = (1U << wrong_in_a_row_) - 1;
  }

 private:
  static constexpr std::uint32_t kWrongMax = 6;

  std::uint32_t wrong_in_a_row_ = 0;
  std::uint32_t pauses_ = 0;  ///< The receives before the next guess.
  bool is_chosen_ = false;
};

}  // namespace hotline::engine
