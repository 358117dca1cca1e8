#include "hotline/core/byte_order.h"

#include <cstdint>
#include <string_view>

#include <doctest/doctest.h>

#include "hotline/core/bytes.h"

namespace hotline::byte_order_test {
namespace {

constexpr std::string_view kBytes("\x01\x82\x03\x04\x05\x06\x07\x88", 8);

/// Loads a Number and stores it again.
template <std::endian kOrder, typename Number>
Number through() {
  const Number number = load_number<kOrder, Number>(as_bytes(kBytes).data());
  std::byte out[sizeof number];
  CHECK(store_number<kOrder>(number, out) == sizeof number);
  CHECK(as_text(out) == kBytes.substr(0, sizeof number));
  return number;
}

TEST_CASE("the first byte of a big-endian number is its most significant one") {
  CHECK(through<std::endian::big, std::uint8_t>() == 0x01);
  CHECK(through<std::endian::big, std::uint16_t>() == 0x0182);
  CHECK(through<std::endian::big, std::uint32_t>() == 0x01820304);
  CHECK(through<std::endian::big, std::uint64_t>() == 0x0182030405060788);
}

TEST_CASE("the first byte of a little-endian number is its least significant one") {
  CHECK(through<std::endian::little, std::uint16_t>() == 0x8201);
  CHECK(through<std::endian::little, std::uint32_t>() == 0x04038201);
  CHECK(through<std::endian::little, std::int64_t>() ==
        static_cast<std::int64_t>(0x8807060504038201));
}

}  // namespace
}  // namespace hotline::byte_order_test
