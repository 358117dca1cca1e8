#include "auth/base64url.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/random.h"

namespace hotline::auth::base64url_test {
namespace {

std::string encoded(std::string_view text) {
  std::string written(base64url_size(text.size()), '?');
  encode_base64url(as_bytes(text), written);
  return written;
}

/// Returns what `text` decodes to, if it is that many bytes; otherwise "refused".
std::string decoded(std::string_view text, std::size_t size) {
  std::vector<std::byte> bytes(size);
  return decode_base64url(text, bytes) ? std::string(as_text(bytes)) : "refused";
}

}  // namespace

TEST_CASE("the examples of RFC 4648 are written without padding, and read again") {
  for (const auto& [text, written] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"f", "Zg"},
                                                        {"fo", "Zm8"},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg"},
                                                        {"fooba", "Zm9vYmE"},
                                                        {"foobar", "Zm9vYmFy"},
                                                        {"\xfb\xff\xfe", "-__-"}}) {
    CAPTURE(text);
    CHECK(encoded(text) == written);
    CHECK(decoded(written, text.size()) == text);
  }
}

TEST_CASE("random bytes of every size up to 64 are read as they were written") {
  for (std::size_t size = 0; size <= 64; ++size) {
    std::string bytes(size, '\0');
    random_bytes(std::as_writable_bytes(std::span(bytes)));
    CHECK(decoded(encoded(bytes), size) == bytes);
  }
}

TEST_CASE("a text of another size is refused") {
  CHECK(decoded("Zg", 0) == "refused");
  CHECK(decoded("Zg", 2) == "refused");
  CHECK(decoded("Zg=", 1) == "refused");
  CHECK(decoded("Z", 1) == "refused");
}

TEST_CASE("a character outside of the alphabet is refused wherever it is") {
  for (const char wrong : std::string("+/=. \n\0\xff", 8)) {
    for (std::size_t i = 0; i < 4; ++i) {
      std::string text = "Zm9v";
      text[i] = wrong;
      CAPTURE(text);
      CHECK(decoded(text, 3) == "refused");
      CHECK(find_not_base64url(text) == i);
    }
  }
  CHECK(find_not_base64url("Zm9v") == std::string::npos);
}

TEST_CASE("a last character with bits that belong to no byte is refused") {
  CHECK(decoded("Zg", 1) == "f");
  CHECK(decoded("Zh", 1) == "refused");
  CHECK(decoded("Zw", 1) == "g");
  CHECK(decoded("Zm8", 2) == "fo");
  CHECK(decoded("Zm9", 2) == "refused");
}

}  // namespace hotline::auth::base64url_test
