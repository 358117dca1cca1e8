#include "core/keyed_hash.h"

#include <bit>

#include <doctest/doctest.h>

namespace hotline::keyed_hash_test {

TEST_CASE("the hashes under the zero key are those that CPython computes") {
  // PYTHONHASHSEED=0 python3 -c "print(hash(VALUE.to_bytes(8, 'little')))"
  constexpr HashKey kZero{};
  CHECK(keyed_hash(kZero, 0) == 0xbd60acb658c79e45);
  CHECK(keyed_hash(kZero, 1) == 0x1e9f734161d62dd9);
  CHECK(keyed_hash(kZero, 0x0102030405060708) == 0x69b536ee4108fb12);
  CHECK(keyed_hash(kZero, UINT64_MAX) == 0x2f205be2fec8e38d);
}

TEST_CASE("each bit of the key and of the value changes many bits of the hash") {
  const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  const std::uint64_t hash = keyed_hash(key, 42);
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    CHECK(std::popcount(hash ^ keyed_hash(key, 42 ^ flip)) > 8);
    CHECK(std::popcount(hash ^ keyed_hash({key[0] ^ flip, key[1]}, 42)) > 8);
    CHECK(std::popcount(hash ^ keyed_hash({key[0], key[1] ^ flip}, 42)) > 8);
  }
}

}  // namespace hotline::keyed_hash_test
