#pragma once

#include <cstdint>
#include <random>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

/// The one source of everything that is not decided: the same seed gives the same answers, on every
/// machine. Not for secrets.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : source_(seed) {}

  /// From 0 to `count` - 1; `count` is at least 1. So slightly uneven that no test can tell.
  std::uint64_t below(std::uint64_t count) { return source_() % count; }

  /// From `least` to `most`.
  Duration between(Duration least, Duration most) {
    const auto span = static_cast<std::uint64_t>((most - least).count());
    return least + Duration(static_cast<std::int64_t>(below(span + 1)));
  }

  /// True so often of a million times. Draws nothing where the answer is certain.
  bool strikes(std::uint32_t per_million) {
    return per_million != 0 && below(1'000'000) < per_million;
  }

  void fill(MutableBytes bytes);

 private:
  std::mt19937_64 source_;
};

}  // namespace hotline::engine
