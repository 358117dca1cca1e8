#include "cli/back_off.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "hotline/engine/random.h"

namespace hotline::cli {

Duration BackOff::next() {
  std::array<std::byte, 1> random;
  random_bytes(random);
  const Duration shorter = pause_ / 2 * std::to_integer<int>(random[0]) / 255;
  const Duration pause = pause_ - shorter;
  pause_ = std::min(pause_ * 2, kLongest);
  return pause;
}

}  // namespace hotline::cli
