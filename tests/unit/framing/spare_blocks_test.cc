#include "framing/spare_blocks.h"

#include <cstdlib>
#include <utility>

#include <doctest/doctest.h>

namespace hotline::framing::spare_blocks_test {
namespace {

constexpr std::size_t kBytes = 128 * 1024;

Block make_block(std::size_t bytes) {
  Block block;
  block.memory.reset(static_cast<std::byte*>(std::malloc(bytes)));
  block.bytes = bytes;
  return block;
}

}  // namespace

TEST_CASE("the block that was kept last is taken first, and each once") {
  SpareBlocks spares;
  CHECK(spares.take(kBytes).bytes == 0);
  Block first = make_block(kBytes);
  Block second = make_block(kBytes);
  const std::byte* const places[] = {first.memory.get(), second.memory.get()};
  spares.keep(std::move(first));
  spares.keep(std::move(second));
  CHECK(spares.take(kBytes).memory.get() == places[1]);
  CHECK(spares.take(kBytes).memory.get() == places[0]);
  CHECK_FALSE(spares.take(kBytes).memory);
  CHECK(spares.bytes() == 0);
}

TEST_CASE("a block is taken for its own size and down to four fifths of it") {
  for (const auto& [bytes, fits] : {std::pair{kBytes + 1, false},
                                    {kBytes, true},
                                    {kBytes * 4 / 5 + 1, true},
                                    {kBytes * 4 / 5, false}}) {
    CAPTURE(bytes);
    SpareBlocks spares;
    spares.keep(make_block(kBytes));
    CHECK((spares.take(bytes).bytes == kBytes) == fits);
  }
}

TEST_CASE("blocks that are too small or too large are not kept") {
  SpareBlocks spares;
  spares.keep({});
  spares.keep(make_block(SpareBlocks::kBlockMin - 1));
  spares.keep(make_block(SpareBlocks::kBlockMax + 1));
  CHECK(spares.bytes() == 0);
  spares.keep(make_block(SpareBlocks::kBlockMin));
  spares.keep(make_block(SpareBlocks::kBlockMax));
  CHECK(spares.bytes() == SpareBlocks::kBlockMin + SpareBlocks::kBlockMax);
}

TEST_CASE("beyond the limit, blocks that were kept first are given up") {
  SpareBlocks spares;
  for (std::size_t kept = 0; kept < SpareBlocks::kBytesMax; kept += SpareBlocks::kBlockMin) {
    spares.keep(make_block(SpareBlocks::kBlockMin));
  }
  CHECK(spares.bytes() == SpareBlocks::kBytesMax);
  spares.keep(make_block(SpareBlocks::kBlockMax));
  CHECK(spares.bytes() == SpareBlocks::kBytesMax);
  CHECK(spares.take(SpareBlocks::kBlockMax).bytes == SpareBlocks::kBlockMax);
  CHECK(spares.take(SpareBlocks::kBlockMin).bytes == SpareBlocks::kBlockMin);
}

}  // namespace hotline::framing::spare_blocks_test
