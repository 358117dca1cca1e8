#pragma once

#include <openssl/evp.h>

#include <doctest/doctest.h>

namespace hotline::test {

/// While it exists, OpenSSL has no algorithms in this process, as where its configuration forbids
/// all that it has.
class NoAlgorithms {
 public:
  NoAlgorithms() { REQUIRE(EVP_set_default_properties(nullptr, "provider=none") == 1); }
  NoAlgorithms(const NoAlgorithms&) = delete;
  NoAlgorithms& operator=(const NoAlgorithms&) = delete;
  ~NoAlgorithms() { EVP_set_default_properties(nullptr, ""); }
};

}  // namespace hotline::test
