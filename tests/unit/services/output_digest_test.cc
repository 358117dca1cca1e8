#include "services/output_digest.h"

#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

namespace hotline::services::output_digest_test {
namespace {

std::string numbered(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

std::uint64_t digest_of(std::string_view text) {
  OutputDigest digest;
  digest.add(as_bytes(text));
  return digest.value();
}

}  // namespace

TEST_CASE("the digest is XXH3-64 with seed 0") {
  // As the program xxhsum reports them.
  CHECK(digest_of("") == 0x2d06800538d394c2);
  CHECK(digest_of("a") == 0xe6c632b61e964e1f);
  CHECK(digest_of("hello\n") == 0x99fc819aaba2462a);
}

TEST_CASE("the pieces in which bytes arrive do not matter") {
  const std::string bytes = numbered(3'000);
  const std::uint64_t whole = digest_of(bytes);
  for (const std::size_t size : {1U, 7U, 64U, 240U, 255U, 256U, 257U, 1'024U, 2'999U}) {
    OutputDigest digest;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      digest.add(as_bytes(std::string_view(bytes).substr(at, size)));
    }
    CHECK(digest.value() == whole);
    CHECK(digest.size() == bytes.size());
  }
}

TEST_CASE("the digest can be asked for in between") {
  OutputDigest digest;
  CHECK(digest.size() == 0);
  digest.add(as_bytes("ab"));
  CHECK(digest.value() == digest_of("ab"));
  digest.add(as_bytes("c"));
  CHECK(digest.value() == digest_of("abc"));
  CHECK(digest.value() == digest_of("abc"));
  digest.add(Bytes{});
  CHECK(digest.value() == digest_of("abc"));
}

TEST_CASE("a copy goes on by itself") {
  OutputDigest one;
  one.add(as_bytes(numbered(1'000)));
  OutputDigest other = one;
  other.add(as_bytes("x"));
  CHECK(one.value() == digest_of(numbered(1'000)));
  CHECK(one.size() == 1'000);
  CHECK(other.value() == digest_of(numbered(1'000) + "x"));
  one = other;
  CHECK(one.value() == other.value());
  CHECK(one.size() == 1'001);
}

TEST_CASE("a digest can be moved to, also from a temporary one") {
  OutputDigest digest;
  digest.add(as_bytes("abc"));
  OutputDigest moved = std::move(digest);
  CHECK(moved.value() == digest_of("abc"));
  moved = OutputDigest();
  CHECK(moved.value() == digest_of(""));
  CHECK(moved.size() == 0);
}

TEST_CASE("each changed byte changes the digest") {
  const std::string bytes = numbered(300);
  const std::uint64_t right = digest_of(bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(digest_of(changed) != right);
  }
}

}  // namespace hotline::services::output_digest_test
