#include "framing/terminated.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::framing::terminated_test {
namespace {

using Outcome = Decoded::Outcome;

Decoded line(std::string_view text, std::size_t payload_max = 5) {
  std::size_t looked_at = 0;
  return decode_line(as_bytes(text), payload_max, looked_at);
}

Decoded delimited(std::string_view text, std::string_view delimiter, std::size_t payload_max = 5) {
  std::size_t looked_at = 0;
  return decode_delimited(as_bytes(text), as_bytes(delimiter), payload_max, looked_at);
}

bool free_of(std::string_view text, std::string_view delimiter) {
  return is_free_of(as_bytes(text), as_bytes(delimiter));
}

}  // namespace

TEST_CASE("a line ends in a newline, and one carriage return before it belongs to the end") {
  struct Line {
    std::string_view text;
    std::size_t payload_bytes;
    std::size_t frame_bytes;
  };
  for (const Line& expected :
       {Line{"\n", 0, 1}, Line{"\r\n", 0, 2}, Line{"abc\n", 3, 4}, Line{"abc\r\n", 3, 5},
        Line{"abc\r\r\n", 4, 6}, Line{"a\rc\n", 3, 4}, Line{"a\nb\n", 1, 2}}) {
    CAPTURE(expected.text);
    const Decoded decoded = line(expected.text);
    CHECK(decoded.outcome == Outcome::frame);
    CHECK(decoded.payload_begin == 0);
    CHECK(decoded.payload_bytes == expected.payload_bytes);
    CHECK(decoded.frame_bytes == expected.frame_bytes);
  }
}

TEST_CASE("without a newline a line is not complete") {
  for (const char* text : {"", "a", "abcde", "\r", "abcde\r"}) {
    CAPTURE(text);
    CHECK(line(text).outcome == Outcome::more);
    CHECK(line(text).wanted_bytes == std::string_view(text).size() + 1);
  }
}

TEST_CASE("a line may be as long as the limit, without its end, and no longer") {
  for (const char* text : {"abcde\n", "abcde\r\n"}) CHECK(line(text).payload_bytes == 5);
  for (const char* text : {"abcdef", "abcdef\n", "abcdef\r\n", "abcde\r\r\n", "abcde\rx", "abcdefg",
                           "abcdefghijklmn\n"}) {
    CAPTURE(text);
    CHECK(line(text).outcome == Outcome::too_large);
  }
  CHECK(line("\n", 0).outcome == Outcome::frame);
  CHECK(line("\r\n", 0).outcome == Outcome::frame);
  CHECK(line("a", 0).outcome == Outcome::too_large);
}

TEST_CASE("bytes that were searched are not searched again") {
  std::size_t looked_at = 0;
  CHECK(decode_line(as_bytes("abc"), 99, looked_at).outcome == Outcome::more);
  CHECK(looked_at == 3);
  CHECK(decode_line(as_bytes("abc\n"), 99, looked_at).outcome == Outcome::frame);
  CHECK(looked_at == 0);
  const Bytes end = as_bytes("END");
  CHECK(decode_delimited(as_bytes("a"), end, 99, looked_at).outcome == Outcome::more);
  CHECK(looked_at == 0);
  CHECK(decode_delimited(as_bytes("abcEN"), end, 99, looked_at).outcome == Outcome::more);
  CHECK(looked_at == 3);
  CHECK(decode_delimited(as_bytes("abcEND"), end, 99, looked_at).outcome == Outcome::frame);
  CHECK(looked_at == 0);
}

TEST_CASE("a line contains no newline and does not end in a carriage return") {
  for (const char* text : {"", "a", "a\rb", "\ra", "grüße", "\t"}) CHECK(is_line(as_bytes(text)));
  for (const char* text : {"\n", "a\n", "a\nb", "\r", "a\r", "a\r\r", "\r\n"}) {
    CAPTURE(text);
    CHECK_FALSE(is_line(as_bytes(text)));
  }
}

TEST_CASE("a message ends at the first delimiter") {
  struct Message {
    std::string_view text;
    std::string_view delimiter;
    std::size_t payload_bytes;
  };
  for (const Message& expected :
       {Message{"abc;def;", ";", 3}, Message{";", ";", 0}, Message{";;", ";", 0},
        Message{std::string_view("ab\0", 3), std::string_view("\0", 1), 2},
        Message{"ab--", "--", 2}, Message{"a-b--", "--", 3}, Message{"a---", "--", 1},
        Message{"aab", "ab", 1}, Message{"ababac", "abac", 2}}) {
    CAPTURE(expected.text);
    const Decoded decoded = delimited(expected.text, expected.delimiter);
    CHECK(decoded.outcome == Outcome::frame);
    CHECK(decoded.payload_begin == 0);
    CHECK(decoded.payload_bytes == expected.payload_bytes);
    CHECK(decoded.frame_bytes == expected.payload_bytes + expected.delimiter.size());
  }
}

TEST_CASE("without a delimiter a message is not complete, and needs one more byte at least") {
  CHECK(delimited("", ";").wanted_bytes == 1);
  CHECK(delimited("abc", ";").wanted_bytes == 4);
  CHECK(delimited("", "END").wanted_bytes == 3);
  CHECK(delimited("E", "END").wanted_bytes == 3);
  CHECK(delimited("EN", "END").wanted_bytes == 3);
  CHECK(delimited("abEN", "END").wanted_bytes == 5);
}

TEST_CASE("a delimited message may be as long as the limit and no longer") {
  CHECK(delimited("abcde;", ";").payload_bytes == 5);
  CHECK(delimited("abcde", ";").outcome == Outcome::more);
  CHECK(delimited("abcdef", ";").outcome == Outcome::too_large);
  CHECK(delimited("abcdef;", ";").outcome == Outcome::too_large);
  CHECK(delimited("abcdeEND", "END").payload_bytes == 5);
  CHECK(delimited("abcdeEN", "END").outcome == Outcome::more);
  CHECK(delimited("abcdefEND", "END").outcome == Outcome::too_large);
  CHECK(delimited(";", ";", 0).payload_bytes == 0);
  CHECK(delimited("a", ";", 0).outcome == Outcome::too_large);
}

TEST_CASE("a message that contains a delimiter, or makes one with its own, is refused") {
  CHECK(free_of("", ";"));
  CHECK(free_of("abc", ";"));
  CHECK(free_of("-a", "--"));
  CHECK(free_of("ab", "ba"));
  CHECK(free_of("aba", "abac"));
  CHECK_FALSE(free_of(";", ";"));
  CHECK_FALSE(free_of("a;b", ";"));
  CHECK_FALSE(free_of("a--b", "--"));
  CHECK_FALSE(free_of("a-", "--"));
  CHECK_FALSE(free_of("xab", "abab"));
  CHECK_FALSE(free_of("xaa", "aaaa"));
}

}  // namespace hotline::framing::terminated_test
