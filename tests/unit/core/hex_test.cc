#include "hotline/core/hex.h"

#include <array>

#include <doctest/doctest.h>

namespace hotline::hex_test {

TEST_CASE("each byte gives two digits in lower case") {
  constexpr std::array kBytes = {std::byte(0), std::byte(0x0f), std::byte(0xa5), std::byte(0xff)};
  CHECK(to_hex(kBytes) == "000fa5ff");
  CHECK(to_hex({}) == "");
}

}  // namespace hotline::hex_test
