#include "services/stored_blocks.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/file_homes.h"

namespace hotline::services::stored_blocks_test {
namespace {

TEST_CASE("blocks are compared up to the first that differs, or ends early") {
  const test::TemporaryDirectory directory;
  const std::string content = test::sample_content(2 * kFileBlockBytes + 9);
  test::write_test_file(directory.file("f"), content);
  DiskFile file = Directory::open(directory.path()).value().open_file("f").value();
  const auto block = [&](std::size_t number) {
    return hash_of(as_bytes(content).subspan(number * kFileBlockBytes, kFileBlockBytes));
  };
  std::vector<BlockHash> blocks{block(0), block(1)};
  CHECK(count_unchanged_blocks(file, {}) == 0);
  CHECK(count_unchanged_blocks(file, blocks) == 2);
  blocks.push_back(block(0));
  CHECK(count_unchanged_blocks(file, blocks) == 2);
  blocks[0] = block(1);
  CHECK(count_unchanged_blocks(file, blocks) == 0);
}

}  // namespace
}  // namespace hotline::services::stored_blocks_test
