#include "services/flow_trailer.h"

#include <string>

#include <doctest/doctest.h>

#include "support/hex.h"

namespace hotline::services::flow_trailer_test {

TEST_CASE("the trailer of an output has three numbers") {
  const OutputTrailer trailer{
      .flow = 0x0102030405060708, .whole = 0x1112131415161718, .dropped = 0xffffffffffffffff};
  const std::string bytes = encode_trailer(trailer);
  CHECK(bytes == test::from_hex("01020304050607081112131415161718ffffffffffffffff"));
  CHECK(decode_output_trailer(as_bytes(bytes)) == trailer);
}

TEST_CASE("the trailer of the input has one number, or two") {
  const std::string one = encode_trailer(InputTrailer{.flow = 0x0102030405060708});
  CHECK(one == test::from_hex("0102030405060708"));
  CHECK(decode_input_trailer(as_bytes(one)) == InputTrailer{.flow = 0x0102030405060708});

  const InputTrailer trailer{.flow = 0x0102030405060708, .whole = 0xfffefdfcfbfaf9f8};
  const std::string bytes = encode_trailer(trailer);
  CHECK(bytes == test::from_hex("0102030405060708fffefdfcfbfaf9f8"));
  CHECK(decode_input_trailer(as_bytes(bytes)) == trailer);
}

TEST_CASE("a trailer of another size is malformed") {
  for (std::size_t size = 0; size <= 64; ++size) {
    const std::string bytes(size, 'x');
    const auto output = decode_output_trailer(as_bytes(bytes));
    const auto input = decode_input_trailer(as_bytes(bytes));
    CHECK(output.has_value() == (size == 24));
    CHECK(input.has_value() == (size == 8 || size == 16));
    if (!output) CHECK(output.error().text == "the trailer of an output has a wrong size");
    if (!input) CHECK(input.error().text == "the trailer of the input has a wrong size");
  }
}

}  // namespace hotline::services::flow_trailer_test
