#include "engine/simulated/chance.h"

#include <cstring>

namespace hotline::engine {

void Chance::fill(MutableBytes bytes) {
  while (!bytes.empty()) {
    const std::uint64_t word = source_();
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, size);
    bytes = bytes.subspan(size);
  }
}

}  // namespace hotline::engine
