#include "services/stored_blocks.h"

#include <doctest/doctest.h>

#include <vector>

#include "services/content_digest.h"
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

TEST_CASE("the digest of what is stored counts what the file lacks as zeros") {
  const test::TemporaryDirectory directory;
  const std::string content = test::sample_content(600'000);
  test::write_test_file(directory.file("f"), content);
  DiskFile file = Directory::open(directory.path()).value().open_file("f").value();
  const auto digest_of = [](std::string_view bytes) {
    ContentDigest digest(FileDigestKind::sha256);
    digest.add(as_bytes(bytes));
    return digest.finish();
  };
  const auto stored = [&](std::uint64_t size) {
    return digest_of_stored(file, FileDigestKind::sha256, size).value();
  };
  CHECK(stored(0) == digest_of(""));
  CHECK(stored(content.size() - 1) == digest_of(content.substr(0, content.size() - 1)));
  CHECK(stored(content.size()) == digest_of(content));
  CHECK(stored(content.size() + 70'000) == digest_of(content + std::string(70'000, '\0')));
}

}  // namespace
}  // namespace hotline::services::stored_blocks_test
