#include "hotline/services/upper.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline {
namespace {

std::string upper_of(std::string text) {
  to_upper(std::as_writable_bytes(std::span(text)));
  return text;
}

char model(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

TEST_CASE("of all byte values only a to z change") {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    CAPTURE(value);
    CHECK(upper_of(std::string(1, c)) == std::string(1, model(c)));
  }
}

TEST_CASE("text in UTF-8 keeps every byte that is not ASCII") {
  CHECK(upper_of("grüße, 世界, naïve ß") == "GRüßE, 世界, NAïVE ß");
}

TEST_CASE("the answer is the same bytes, where they stand") {
  std::string text = "abc";
  const MutableBytes bytes = std::as_writable_bytes(std::span(text));
  const MutableBytes upper_bytes = to_upper(bytes);
  CHECK(upper_bytes.data() == bytes.data());
  CHECK(upper_bytes.size() == bytes.size());
  CHECK(to_upper({}).empty());
}

TEST_CASE("every size and alignment gives what one byte at a time gives") {
  std::string source(400, '\0');
  unsigned state = 1;
  for (char& c : source) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
  for (std::size_t start = 0; start < 64; start += 3) {
    for (std::size_t size = 0; size <= 300; ++size) {
      std::string text = source;
      to_upper(std::as_writable_bytes(std::span(text)).subspan(start, size));
      std::string expected = source;
      for (std::size_t i = start; i < start + size; ++i) expected[i] = model(expected[i]);
      REQUIRE(text == expected);
    }
  }
}

}  // namespace hotline
