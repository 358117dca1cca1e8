#pragma once

#include <cstdint>
#include <random>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

/// The only source of randomness in a simulated world. The same seed gives the same values on every
/// machine. Not for secrets.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : source_(seed) {}

  /// Returns a number from 0 to `count` - 1; `count` must be at least 1. The distribution is
  /// slightly uneven, too little for a test to notice.
  std::uint64_t below(std::uint64_t count) { return source_() % count; }

  /// Returns a duration from `least` to `most`.
  Duration between(Duration least, Duration most) {
    const auto span = static_cast<std::uint64_t>((most - least).count());
    return least + Duration(static_cast<std::int64_t>(below(span + 1)));
  }

  /// Returns true with a probability of `per_million` in a million. Draws nothing if that is 0.
  bool strikes(std::uint32_t per_million) {
    return per_million != 0 && below(1'000'000) < per_million;
  }

  void fill(MutableBytes bytes);

 private:
  std::mt19937_64 source_;
};

}  // namespace hotline::engine
