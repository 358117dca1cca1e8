#include "hotline/core/socket_address.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace hotline::socket_address_test {
namespace {

SocketAddress address_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

TEST_CASE("a fresh socket address is empty") {
  const SocketAddress address{};
  CHECK(address.is_empty());
  CHECK(address.size() == 0);
  CHECK(address == SocketAddress());
}

TEST_CASE("socket addresses are equal if their bytes are") {
  CHECK(address_of("abcd") == address_of("abcd"));
  CHECK(address_of("abcd") != address_of("abce"));
  CHECK(address_of("abcd") != address_of("abc"));
  CHECK(address_of("") == SocketAddress());
}

TEST_CASE("bytes beyond the size are ignored") {
  SocketAddress one = address_of("abcdX");
  one.set_size(4);
  CHECK(one == address_of("abcd"));
}

TEST_CASE("a size never exceeds the memory, whatever the kernel reports") {
  const std::string bytes(200, 'x');
  CHECK(address_of(bytes).size() == SocketAddress::kSizeMax);
  SocketAddress address = address_of("x");
  address.set_size(111);
  CHECK(address.size() == SocketAddress::kSizeMax);
}

TEST_CASE("a system call may write through a socket address and set its size") {
  SocketAddress address;
  std::memcpy(address.data(), "xyz", 3);
  address.set_size(3);
  CHECK(address == address_of("xyz"));
  CHECK(reinterpret_cast<std::uintptr_t>(address.data()) % 8 == 0);
}

}  // namespace hotline::socket_address_test
