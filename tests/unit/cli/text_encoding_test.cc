#include "cli/text_encoding.h"

#include <string_view>

#include <doctest/doctest.h>

namespace hotline::cli::text_encoding_test {
namespace {

using namespace std::string_view_literals;

std::string base64_of(std::string_view text) { return encode_base64(as_bytes(text)); }

bool is_text(std::string_view text) { return is_utf8(as_bytes(text)); }

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

TEST_CASE("characters of one to four bytes are UTF-8, up to their limits") {
  for (const std::string_view text :
       {""sv, "\0"sv, "\x7f"sv, "plain\n"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv,
        "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv,
        "\xf4\x8f\xbf\xbf"sv, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"sv}) {
    CAPTURE(text);
    CHECK(is_text(text));
  }
}

TEST_CASE("bytes that begin no character are not UTF-8") {
  for (const std::string_view text :
       {"\x80"sv, "\xbf"sv, "\xc0"sv, "\xc1"sv, "\xf5"sv, "\xf8"sv, "\xfe"sv, "\xff"sv,
        "\xc3\xa4\x80"sv, "a\xff"sv, "\xf5\x80\x80\x80"sv, "\xf8\x88\x80\x80\x80"sv}) {
    CAPTURE(base64_of(text));
    CHECK_FALSE(is_text(text));
  }
}

TEST_CASE("a character that ends early is not UTF-8") {
  for (const std::string_view text :
       {"\xc3"sv, "\xe2\x82"sv, "\xe2"sv, "\xf0\x9f\x98"sv, "\xf0\x9f"sv, "\xf0"sv, "a\xe2\x82"sv,
        "\xc3 "sv, "\xe2\x82z"sv, "\xe2z\xac"sv, "\xf0\x9f\x98z"sv, "\xc3\xc3"sv}) {
    CAPTURE(base64_of(text));
    CHECK_FALSE(is_text(text));
  }
}

TEST_CASE("an overlong form is not UTF-8") {
  for (const std::string_view text :
       {"\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x80\x80"sv, "\xe0\x9f\xbf"sv, "\xf0\x80\x80\x80"sv,
        "\xf0\x8f\xbf\xbf"sv}) {
    CAPTURE(base64_of(text));
    CHECK_FALSE(is_text(text));
  }
}

TEST_CASE("surrogates, and code points beyond the last, are not UTF-8") {
  for (const std::string_view text :
       {"\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf4\xbf\xbf\xbf"sv}) {
    CAPTURE(base64_of(text));
    CHECK_FALSE(is_text(text));
  }
}

}  // namespace hotline::cli::text_encoding_test
