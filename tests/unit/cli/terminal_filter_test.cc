#include "cli/terminal_filter.h"

#include <doctest/doctest.h>

#include <utility>

namespace hotline::cli::terminal_filter_test {
namespace {

std::string filtered(std::string_view text, FilteredColours colours = FilteredColours::removed) {
  TerminalFilter filter(colours);
  std::string all = filter.show(as_bytes(text));
  return all + filter.finish();
}

/// The same, with the text cut at every place.
std::string filtered_in_bytes(std::string_view text,
                              FilteredColours colours = FilteredColours::removed) {
  TerminalFilter filter(colours);
  std::string all;
  for (const char& each : text) all += filter.show(as_bytes(std::string_view(&each, 1)));
  return all + filter.finish();
}

const std::pair<std::string_view, std::string_view> kRemoved[] = {
    {"a\x1b[31mred\x1b[0mb", "aredb"},
    {"a\x1b[2J\x1b[1;1Hb", "ab"},
    {"a\x1b[?1049hb", "ab"},
    {"a\x1b]0;a title\x07"
     "b",
     "ab"},
    {"a\x1b]52;c;cm0=\x1b\\b", "ab"},
    {"a\x1bPq#0;2;0\x1b\\b", "ab"},
    {"a\x1b_application\x1b\\b", "ab"},
    {"a\x1b^private\x1b\\b", "ab"},
    {"a\x1bXstring\x1b\\b", "ab"},
    {"a\x1b(0b", "ab"},
    {"a\x1b#8b", "ab"},
    {"a\x1b"
     "cb",
     "ab"},
    {"a\x1b\x1b[1mb", "ab"},
    {"a\x1b[1\x1b[2mb", "ab"},
    {"a\x1b[1\x18"
     "b",
     "ab"},
    {"a\u009b31mb", "ab"},
    {"a\u009d0;title\u009cb", "ab"},
    {"a\u0090x\u009cb", "ab"},
    {"one\r\ntwo\r", "one\ntwo"},
    {"a\b\f\v\x7f\x07"
     "b",
     "ab"},
    {"a\u202eb\u2069", "ab"},
    {"tab\tand\nline", "tab\tand\nline"},
    {"\u64cd\u4f5c \U0001f600 e\u0301", "\u64cd\u4f5c \U0001f600 e\u0301"},
};

}  // namespace

TEST_CASE("control sequences are removed whole, wherever the output is cut") {
  for (const auto& [text, shown] : kRemoved) {
    CAPTURE(text);
    CHECK(filtered(text) == shown);
    CHECK(filtered_in_bytes(text) == shown);
  }
}

TEST_CASE("no byte of any sequence can make a terminal do something") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{'\x1b', static_cast<char>(first), static_cast<char>(second), 'x'};
      const std::string shown = filtered(text);
      CHECK(shown.find('\x1b') == shown.npos);
    }
  }
}

TEST_CASE("colours are kept if asked for, and nothing else is") {
  const auto kept = FilteredColours::kept;
  for (const std::string_view text :
       {"\x1b[31mred\x1b[0m", "\x1b[38;2;1;2;3mx\x1b[m", "\x1b[4:3mx\x1b[0m"}) {
    CHECK(filtered(text, kept) == text);
    CHECK(filtered_in_bytes(text, kept) == text);
  }
  for (const std::string_view text : {"\x1b[?1mx", "\x1b[>4mx", "\x1b[1 mx", "\x1b[31Kx"}) {
    CAPTURE(text);
    CHECK(filtered(text, kept) == "x");
  }
  CHECK(filtered("\x1b[" + std::string(100, '1') + "mx", kept) == "x");
}

TEST_CASE("a colour that is still set at the end is reset") {
  CHECK(filtered("\x1b[31mred", FilteredColours::kept) == "\x1b[31mred\x1b[0m");
}

TEST_CASE("a sequence that does not end hides the rest of its line only") {
  CHECK(filtered("a\x1b]0;title\nnext\n") == "a\nnext\n");
  CHECK(filtered("a\x1b[1;\nnext\n") == "a\nnext\n");
}

TEST_CASE("bytes that are not UTF-8 are shown by their number") {
  CHECK(filtered("a\xff\x80z") == "a\\xff\\x80z");
  CHECK(filtered("a\xe6\x93") == "a\\xe6\\x93");
  CHECK(filtered_in_bytes("a\xe6\x93") == "a\\xe6\\x93");
}

}  // namespace hotline::cli::terminal_filter_test
