#include "support/openssl_shortage.h"

#include <openssl/crypto.h>

#include <cstdlib>

#include <doctest/doctest.h>

namespace hotline::test {
namespace {

struct Shortage {
  bool is_on = false;
  bool has_struck = false;
  std::size_t spared = 0;
  OpenSslShortage::Extent extent = OpenSslShortage::Extent::all;
};

thread_local Shortage shortage;

bool fails_now() {
  if (!shortage.is_on) return false;
  if (shortage.spared > 0) {
    --shortage.spared;
    return false;
  }
  shortage.is_on = shortage.extent == OpenSslShortage::Extent::all;
  shortage.has_struck = true;
  return true;
}

void* allocate(std::size_t size, const char*, int) {
  return fails_now() ? nullptr : std::malloc(size);
}

void* reallocate(void* memory, std::size_t size, const char*, int) {
  return fails_now() ? nullptr : std::realloc(memory, size);
}

void release(void* memory, const char*, int) { std::free(memory); }

// OpenSSL takes other functions only before its first allocation.
const bool kIsInstalled = CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;

}  // namespace

OpenSslShortage::OpenSslShortage(std::size_t spared, Extent extent) {
  REQUIRE(kIsInstalled);
  shortage = {.is_on = true, .spared = spared, .extent = extent};
}

OpenSslShortage::~OpenSslShortage() { shortage = {}; }

bool OpenSslShortage::has_struck() const { return shortage.has_struck; }

std::size_t OpenSslShortage::spared_left() const { return shortage.spared; }

}  // namespace hotline::test
