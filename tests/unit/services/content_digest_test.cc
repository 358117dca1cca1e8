#include "services/content_digest.h"

#include <openssl/evp.h>

#include <string>

#include <doctest/doctest.h>

#include "hotline/core/hex.h"

namespace hotline::content_digest_test {
namespace {

using services::ContentDigest;

std::string hex_of(const FileDigest& digest) {
  return to_hex(Bytes(digest.bytes).first(size_of(digest.kind)));
}

TEST_CASE("a digest is that of all pieces together") {
  ContentDigest sha256(FileDigestKind::sha256);
  ContentDigest md5(FileDigestKind::md5);
  for (const std::string_view piece : {"a", "", "bc"}) {
    sha256.add(as_bytes(piece));
    md5.add(as_bytes(piece));
  }
  // RFC 6234, RFC 1321.
  CHECK(hex_of(sha256.finish()) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex_of(md5.finish()) == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("zeros count as bytes") {
  for (const std::size_t count : {0UL, 1UL, 16'384UL, 40'000UL}) {
    ContentDigest zeros(FileDigestKind::sha256);
    zeros.add_zeros(count);
    ContentDigest bytes(FileDigestKind::sha256);
    bytes.add(as_bytes(std::string(count, '\0')));
    CHECK(zeros.finish() == bytes.finish());
  }
}

TEST_CASE("no digest is of the kind none") {
  ContentDigest none(FileDigestKind::none);
  none.add(as_bytes("abc"));
  none.add_zeros(std::uint64_t{1} << 60);
  CHECK(none.finds_nothing());
  CHECK(none.finish() == FileDigest());
  CHECK_FALSE(ContentDigest(FileDigestKind::md5).finds_nothing());
}

TEST_CASE("a digest that OpenSSL is configured not to use is not available") {
  CHECK(ContentDigest::is_available(FileDigestKind::md5));
  REQUIRE(EVP_set_default_properties(nullptr, "fips=yes") == 1);
  const bool has_md5 = ContentDigest::is_available(FileDigestKind::md5);
  const bool has_none = ContentDigest::is_available(FileDigestKind::none);
  REQUIRE(EVP_set_default_properties(nullptr, "") == 1);
  CHECK_FALSE(has_md5);
  CHECK(has_none);
}

}  // namespace
}  // namespace hotline::content_digest_test
