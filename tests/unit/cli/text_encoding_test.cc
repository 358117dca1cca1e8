#include "cli/text_encoding.h"

#include <string_view>

#include <doctest/doctest.h>

namespace hotline::cli::text_encoding_test {
namespace {

using namespace std::string_view_literals;

std::string base64_of(std::string_view text) { return encode_base64(as_bytes(text)); }

}  // namespace

TEST_CASE("base64 matches the examples of the specification") {
  CHECK(base64_of("") == "");
  CHECK(base64_of("f") == "Zg==");
  CHECK(base64_of("fo") == "Zm8=");
  CHECK(base64_of("foo") == "Zm9v");
  CHECK(base64_of("foob") == "Zm9vYg==");
  CHECK(base64_of("fooba") == "Zm9vYmE=");
  CHECK(base64_of("foobar") == "Zm9vYmFy");
}

TEST_CASE("base64 has a digit for each six bits") {
  CHECK(base64_of("\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55\x97\x61"
                  "\x96\x9b\x71\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3\x1c"
                  "\xb3\xd3\x5d\xb7\xe3\x9e\xbb\xf3\xdf\xbf"sv) ==
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  CHECK(base64_of("\0"sv) == "AA==");
  CHECK(base64_of("\xff") == "/w==");
  CHECK(base64_of("\xff\xff") == "//8=");
}

}  // namespace hotline::cli::text_encoding_test
