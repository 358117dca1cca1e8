#include "net/percent_encoding.h"

#include <doctest/doctest.h>

namespace hotline::net::percent_encoding_test {

TEST_CASE("bytes beyond plain ASCII, the per cent sign and reserved ones are encoded") {
  CHECK(percent_encode("", "") == "");
  CHECK(percent_encode("plain-~/.@=!", "?&") == "plain-~/.@=!");
  CHECK(percent_encode("a b%?&", "?&") == "a%20b%25%3F%26");
  CHECK(percent_encode(std::string_view("\0\x1f\x7f\xff", 4), "") == "%00%1F%7F%FF");
}

TEST_CASE("encoded text is decoded, with digits of either case") {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  CHECK(percent_decode(percent_encode(every_byte, "?")) == every_byte);
  CHECK(percent_decode("%c3%BC%2f") == "\xc3\xbc/");
  CHECK(percent_decode("") == "");
}

TEST_CASE("a per cent sign without two digits after it does not decode") {
  for (const char* text : {"%", "%4", "a%", "%4g", "%g4", "% 4", "%-1", "%+1", "%%41"}) {
    CAPTURE(text);
    CHECK_FALSE(percent_decode(text));
  }
}

}  // namespace hotline::net::percent_encoding_test
