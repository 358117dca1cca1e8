#include "hotline/core/utf8.h"

#include <string_view>

#include <doctest/doctest.h>

#include "hotline/core/hex.h"

namespace hotline::utf8_test {
namespace {

using namespace std::string_view_literals;

bool is_text(std::string_view text) { return is_utf8(as_bytes(text)); }

}  // namespace

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
    CAPTURE(to_hex(as_bytes(text)));
    CHECK_FALSE(is_text(text));
  }
}

TEST_CASE("a character that ends early is not UTF-8") {
  for (const std::string_view text :
       {"\xc3"sv, "\xe2\x82"sv, "\xe2"sv, "\xf0\x9f\x98"sv, "\xf0\x9f"sv, "\xf0"sv, "a\xe2\x82"sv,
        "\xc3 "sv, "\xe2\x82z"sv, "\xe2z\xac"sv, "\xf0\x9f\x98z"sv, "\xc3\xc3"sv}) {
    CAPTURE(to_hex(as_bytes(text)));
    CHECK_FALSE(is_text(text));
  }
}

TEST_CASE("an overlong form is not UTF-8") {
  for (const std::string_view text :
       {"\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x80\x80"sv, "\xe0\x9f\xbf"sv, "\xf0\x80\x80\x80"sv,
        "\xf0\x8f\xbf\xbf"sv}) {
    CAPTURE(to_hex(as_bytes(text)));
    CHECK_FALSE(is_text(text));
  }
}

TEST_CASE("surrogates, and code points beyond the last, are not UTF-8") {
  for (const std::string_view text :
       {"\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf4\xbf\xbf\xbf"sv}) {
    CAPTURE(to_hex(as_bytes(text)));
    CHECK_FALSE(is_text(text));
  }
}

}  // namespace hotline::utf8_test
