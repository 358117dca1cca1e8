#include "services/block_hashes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/core/hex.h"
#include "support/file_samples.h"

namespace hotline::services::block_hashes_test {
namespace {

constexpr std::size_t kBlock = kFileBlockBytes;

using Texts = std::vector<std::string>;

Texts hex_of(std::span<const BlockHash> hashes) {
  Texts texts;
  for (const BlockHash& each : hashes) texts.push_back(to_hex(each.bytes));
  return texts;
}

std::vector<BlockHash> blocks_of(std::string_view content) {
  BlockHashes hashes;
  hashes.add(as_bytes(content));
  static_cast<void>(hashes.finish());
  return {hashes.ready().begin(), hashes.ready().end()};
}

/// One row of values that one call for each block and one for the root returned in another program.
struct Known {
  std::size_t size;
  std::string_view root;
  Texts blocks;
};

const std::vector<Known>& known() {
  static const std::vector<Known> kRows = {
      {0, "2c0a8a99dc147d5445c3b49d035665b2", {}},
      {1, "704bff90ec8e14c5dc50120397ce9d30", {"a6cd5e9392000f6ac44bdff4074eecdb"}},
      {kBlock - 1, "86be682992775bed6ea43a8a79475b02", {"246630b5a409bc030d1f7424ee1b50b5"}},
      {kBlock, "789c0b4e927f3fbb7e541279b2369307", {"6db924001aba6b79fb752e8769b7731d"}},
      {kBlock + 1,
       "228c8c74bbce25dfbadb81fdd37ad743",
       {"6db924001aba6b79fb752e8769b7731d", "22bbb76b211a39ba13e608bc156defed"}},
      {3 * kBlock + 5,
       "fad0f3d7af55c72e76556c3c1178a7e5",
       {"6db924001aba6b79fb752e8769b7731d", "f59d76595588a27805e6ed00bc356ab2",
        "7bc727f41c39a591f35d94110ad8e174", "c20a13d7196eb7cab4c6df8c1be10783"}},
  };
  return kRows;
}

}  // namespace

TEST_CASE("hashes and roots are those that another program has computed") {
  for (const Known& each : known()) {
    BlockHashes hashes;
    hashes.add(as_bytes(test::sample_content(each.size)));
    CHECK(hashes.size() == each.size);
    const BlockHash root = hashes.finish();
    CHECK(to_hex(root.bytes) == each.root);
    CHECK(hex_of(hashes.ready()) == each.blocks);
    CHECK(hashes.ready().size() == block_count(each.size));
  }
}

TEST_CASE("content in any pieces has the same hashes") {
  const std::string content = test::sample_content(2 * kBlock + 77);
  for (const std::size_t piece : {std::size_t{4'099}, kBlock - 1, kBlock, kBlock + 1, 3 * kBlock}) {
    BlockHashes hashes;
    for (std::size_t at = 0; at < content.size(); at += piece) {
      hashes.add(as_bytes(std::string_view(content).substr(at, piece)));
    }
    CHECK(hashes.finish() == root_of(as_bytes(content)));
    CHECK(hashes.ready().size() == 3);
  }
}

TEST_CASE("content goes on from each block as if there had been no break") {
  const std::string content = test::sample_content(3 * kBlock + 5);
  const std::vector<BlockHash> all = blocks_of(content);
  for (std::size_t kept = 0; kept <= 3; ++kept) {
    BlockHashes hashes{std::span(all).first(kept)};
    CHECK(hashes.size() == kept * kBlock);
    CHECK(hashes.first_ready() == kept);
    hashes.add(as_bytes(std::string_view(content).substr(kept * kBlock)));
    CHECK(hashes.finish() == root_of(as_bytes(content)));
    CHECK(std::ranges::equal(hashes.ready(), std::span(all).subspan(kept)));
  }
}

TEST_CASE("a block is ready when its last byte is there") {
  BlockHashes hashes;
  hashes.add(as_bytes(std::string(kBlock - 1, 'x')));
  CHECK(hashes.ready().empty());
  CHECK(hashes.is_within_block());
  hashes.add(as_bytes("x"));
  CHECK(hashes.ready().size() == 1);
  CHECK_FALSE(hashes.is_within_block());
}

TEST_CASE("hashes that are dropped do not come again") {
  const std::string content = test::sample_content(4 * kBlock);
  const std::vector<BlockHash> all = blocks_of(content);
  BlockHashes hashes;
  hashes.add(as_bytes(content));
  hashes.drop_ready(3);
  CHECK(hashes.first_ready() == 3);
  REQUIRE(hashes.ready().size() == 1);
  CHECK(hashes.ready()[0] == all[3]);
  hashes.drop_ready(1);
  CHECK(hashes.ready().empty());
  CHECK(hashes.first_ready() == 4);
  CHECK(hashes.finish() == root_of(as_bytes(content)));
}

TEST_CASE("zeros that are counted have the hashes of zeros that are there") {
  CHECK(to_hex(root_of(as_bytes(std::string(2 * kBlock + kBlock / 2, '\0'))).bytes) ==
        "1c5907d90484b157c2e02cc31115aa49");
  const std::string data = test::sample_content(100);
  for (const std::size_t zeros : {std::size_t{1}, std::size_t{4'096}, kBlock - 100, kBlock - 99,
                                  kBlock, 3 * kBlock, 3 * kBlock + 1}) {
    BlockHashes hashes;
    hashes.add(as_bytes(data));
    hashes.add_zeros(zeros);
    hashes.add(as_bytes(data));
    const std::string content = data + std::string(zeros, '\0') + data;
    CHECK(hashes.size() == content.size());
    CHECK(hashes.finish() == root_of(as_bytes(content)));
  }
}

TEST_CASE("a block in the middle begins without the hashes before it") {
  const std::string content = test::sample_content(3 * kBlock);
  const std::vector<BlockHash> all = blocks_of(content);
  BlockHashes hashes = BlockHashes::from_block(2);
  CHECK(hashes.size() == 2 * kBlock);
  hashes.add(as_bytes(std::string_view(content).substr(2 * kBlock)));
  CHECK(hashes.first_ready() == 2);
  REQUIRE(hashes.ready().size() == 1);
  CHECK(hashes.ready()[0] == all[2]);
}

TEST_CASE("the root of hashes is that of the content, and depends on the size") {
  const std::string content = test::sample_content(kBlock + 1);
  CHECK(root_of(blocks_of(content), content.size()) == root_of(as_bytes(content)));
  CHECK(root_of(blocks_of(content), content.size() + 1) != root_of(as_bytes(content)));
}

TEST_CASE("a file has a block for each MiB that it has begun") {
  CHECK(block_count(0) == 0);
  CHECK(block_count(1) == 1);
  CHECK(block_count(kBlock) == 1);
  CHECK(block_count(kBlock + 1) == 2);
  CHECK(block_count(kFileSizeMax) == std::uint64_t{1} << 43);
}

}  // namespace hotline::services::block_hashes_test
