#include "services/block_hash.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/core/hex.h"

namespace hotline::services::block_hash_test {
namespace {

std::string hex(const BlockHash& hash) { return to_hex(hash.bytes); }

}  // namespace

TEST_CASE("a hash is the canonical XXH3-128") {
  CHECK(hex(hash_of(Bytes{})) == "99aa06d3014798d86001c324468d497f");
  CHECK(hex(hash_of(as_bytes("abc"))) == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("bytes that arrive in pieces have the hash of all of them") {
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) bytes += static_cast<char>(i * 7);
  for (const std::size_t piece : {1U, 3U, 63U, 64U, 256U, 999U, 1'000U}) {
    BlockHasher hasher;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      hasher.add(as_bytes(std::string_view(bytes).substr(at, piece)));
    }
    CHECK(hasher.value() == hash_of(as_bytes(bytes)));
  }
}

TEST_CASE("a hasher begins anew, and moves") {
  BlockHasher hasher;
  hasher.add(as_bytes("old"));
  hasher.reset();
  CHECK(hasher.value() == hash_of(Bytes{}));
  hasher.add(as_bytes("ab"));
  BlockHasher moved = std::move(hasher);
  moved.add(as_bytes("c"));
  CHECK(moved.value() == hash_of(as_bytes("abc")));
}

}  // namespace hotline::services::block_hash_test
