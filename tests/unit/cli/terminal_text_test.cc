#include "cli/terminal_text.h"

#include <doctest/doctest.h>

namespace hotline::cli::terminal_text_test {
namespace {

std::string shown(std::string_view text) {
  TerminalText terminal;
  std::string all = terminal.show(as_bytes(text));
  return all + terminal.finish();
}

}  // namespace

TEST_CASE("text, newlines and tabs stay unchanged") {
  for (const std::string_view text :
       {"", "hello\n\tworld ~", "gr\u00fc\u00dfe", "\u64cd\u4f5c\u6210\u529f", "\U0001f600",
        "\u00a0", "e\u0301", "\\x1b"}) {
    CHECK(shown(text) == text);
  }
}

TEST_CASE("control characters are shown by their bytes") {
  CHECK(shown("\x1b]52;c;AAAA\x07") == "\\x1b]52;c;AAAA\\x07");
  CHECK(shown("\r\b\f\v\x7f") == "\\x0d\\x08\\x0c\\x0b\\x7f");
  CHECK(shown(std::string_view("\0", 1)) == "\\x00");
  CHECK(shown("\xc2\x9b"
              "2J") ==
        "\\xc2\\x9b"
        "2J");
  CHECK(shown("\xc2\x80\xc2\x9f") == "\\xc2\\x80\\xc2\\x9f");
}

TEST_CASE("marks that change the direction of text are shown by their bytes") {
  for (const std::string_view mark :
       {"\u061c", "\u200e", "\u200f", "\u2028", "\u202a", "\u202e", "\u2066", "\u2069"}) {
    CHECK(shown(mark).starts_with("\\x"));
  }
  for (const std::string_view other :
       {"\u200d", "\u2010", "\u2027", "\u202f", "\u2065", "\u206a"}) {
    CHECK(shown(other) == other);
  }
}

TEST_CASE("bytes that are not UTF-8 are shown one by one") {
  CHECK(shown("\x9b"
              "2J") ==
        "\\x9b"
        "2J");
  CHECK(shown("\xff\xfe") == "\\xff\\xfe");
  CHECK(shown("\xc0\x9b") == "\\xc0\\x9b");
  CHECK(shown("\xe0\x82\x9b") == "\\xe0\\x82\\x9b");
  CHECK(shown("\xf0\x80\x82\x9b") == "\\xf0\\x80\\x82\\x9b");
  CHECK(shown("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(shown("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(shown("\xe4\xb8"
              "x") == "\\xe4\\xb8x");
}

TEST_CASE("a character that is cut anywhere is shown whole when its rest arrives") {
  const std::string text = "\u00fc\u64cd\U0001f600";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    TerminalText terminal;
    std::string all = terminal.show(as_bytes(std::string_view(text).substr(0, cut)));
    all += terminal.show(as_bytes(std::string_view(text).substr(cut)));
    CHECK(all == text);
    CHECK(terminal.finish().empty());
  }
}

TEST_CASE("an escape sequence that is cut anywhere is shown escaped") {
  TerminalText terminal;
  std::string all;
  for (const char* piece : {"\xc2", "\x9b", "\x1b", "[2J"}) all += terminal.show(as_bytes(piece));
  CHECK(all == "\\xc2\\x9b\\x1b[2J");
}

TEST_CASE("a character whose rest never arrives is shown by its bytes, once") {
  TerminalText terminal;
  CHECK(terminal.show(as_bytes("a\xe4\xb8")) == "a");
  CHECK(terminal.finish() == "\\xe4\\xb8");
  CHECK(terminal.finish().empty());
}

}  // namespace hotline::cli::terminal_text_test
