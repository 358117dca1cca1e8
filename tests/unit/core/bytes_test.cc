#include "hotline/core/bytes.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::bytes_test {
namespace {

std::string escaped(std::string_view text) { return escape(as_bytes(text)); }

}  // namespace

TEST_CASE("text converted to bytes and back is the same text in the same memory") {
  const std::string text("a\0b", 3);
  const Bytes bytes = as_bytes(text);
  CHECK(bytes.size() == 3);
  CHECK(static_cast<const void*>(bytes.data()) == text.data());
  CHECK(as_text(bytes) == text);
  CHECK(as_text({}).empty());
}

TEST_CASE("what is written to the writable bytes of a string is in the string") {
  std::string text = "abc";
  const MutableBytes bytes = as_writable_bytes(text);
  REQUIRE(bytes.size() == 3);
  bytes[1] = std::byte{'x'};
  CHECK(text == "axc");
  std::string empty;
  CHECK(as_writable_bytes(empty).empty());
}

TEST_CASE("bytes lie within others only if all of them do, and an empty part always does") {
  const std::string text = "0123456789";
  const Bytes all = as_bytes(text);
  const Bytes middle = all.subspan(3, 4);
  for (const Bytes part : {middle, middle.first(1), middle.last(1), middle.last(0), all.first(0)}) {
    CHECK(lies_within(part, middle));
  }
  for (const Bytes part :
       {all, all.first(3), all.first(4), all.subspan(6, 2), all.subspan(7), as_bytes("3456")}) {
    CHECK_FALSE(lies_within(part, middle));
  }
  CHECK(lies_within({}, {}));
  CHECK(lies_within({}, middle));
  CHECK_FALSE(lies_within(middle, {}));
}

TEST_CASE("printable ASCII is shown unchanged") {
  std::string printable;
  for (char c = 0x20; c < 0x7f; ++c) {
    if (c != '"' && c != '\\') printable += c;
  }
  CHECK(escaped(printable) == printable);
  CHECK(escaped("") == "");
}

TEST_CASE("quotes, backslashes and common whitespace have short escapes") {
  CHECK(escaped("\n") == "\\n");
  CHECK(escaped("\r") == "\\r");
  CHECK(escaped("\t") == "\\t");
  CHECK(escaped("\\") == "\\\\");
  CHECK(escaped("\"") == "\\\"");
}

TEST_CASE("every byte that is not printable is shown in hexadecimal") {
  CHECK(escaped(std::string(1, '\0')) == "\\x00");
  CHECK(escaped("\x1b[2J") == "\\x1b[2J");
  CHECK(escaped("\x7f") == "\\x7f");
  CHECK(escaped("\x80\xff") == "\\x80\\xff");
  CHECK(escaped("é") == "\\xc3\\xa9");
}

TEST_CASE("no byte is shown as a control character") {
  for (int value = 0; value < 256; ++value) {
    const std::byte byte{static_cast<unsigned char>(value)};
    for (const char c : escape({&byte, 1})) CHECK((c >= 0x20 && c < 0x7f));
  }
}

TEST_CASE("a long input is cut after the requested number of bytes, and its length is shown") {
  CHECK(escape(as_bytes("abcdef"), 6) == "abcdef");
  CHECK(escape(as_bytes("abcdef"), 5) == "abcde...(6 bytes)");
  CHECK(escape(as_bytes("\n\n"), 1) == "\\n...(2 bytes)");
  CHECK(escape(as_bytes("abc"), 0) == "...(3 bytes)");
  CHECK(escape({}, 0) == "");
  const std::string long_text(257, 'x');
  CHECK(escape(as_bytes(long_text)) == std::string(256, 'x') + "...(257 bytes)");
}

}  // namespace hotline::bytes_test
