#include "cli/escape_keys.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace hotline::cli::escape_keys_test {
namespace {

/// Returns what goes to the remote program, with each escape as a letter between brackets.
std::string passed(EscapeKeys& keys, std::string_view typed) {
  std::string text;
  while (!typed.empty()) {
    const EscapeKeys::Taken taken = keys.take(as_bytes(typed));
    REQUIRE(taken.size > 0);
    text += taken.keys;
    switch (taken.escape) {
      case EscapeKeys::Escape::leave: text += "[leave]"; break;
      case EscapeKeys::Escape::stop: text += "[stop]"; break;
      case EscapeKeys::Escape::help: text += "[help]"; break;
      case EscapeKeys::Escape::none: break;
    }
    typed.remove_prefix(taken.size);
  }
  return text;
}

std::string passed(std::string_view typed) {
  EscapeKeys keys;
  return passed(keys, typed);
}

}  // namespace

TEST_CASE("an escape counts at the beginning of a line only") {
  CHECK(passed("~.") == "[leave]");
  CHECK(passed("ls\r~.") == "ls\r[leave]");
  CHECK(passed("ls\n~.") == "ls\n[leave]");
  CHECK(passed("a~.") == "a~.");
  CHECK(passed("a\r ~.") == "a\r ~.");
}

TEST_CASE("after an escape that goes on, the next one counts") {
  CHECK(passed("~?~?~\x1a~.") == "[help][help][stop][leave]");
  CHECK(passed("~?a~.") == "[help]a~.");
}

TEST_CASE("two tildes are one") {
  CHECK(passed("~~.") == "~.");
  CHECK(passed("~~~.") == "~~.");
  CHECK(passed("~~\r~.") == "~\r[leave]");
}

TEST_CASE("a tilde before another key goes with it") {
  CHECK(passed("~/bin\r") == "~/bin\r");
  CHECK(passed("~\r~.") == "~\r[leave]");
  CHECK(passed("~\x03") == "~\x03");
}

TEST_CASE("every byte without an escape is unchanged") {
  std::string typed;
  for (int byte = 0; byte < 256; ++byte) typed += static_cast<char>(byte);
  CHECK(passed(typed) == typed);
  CHECK(passed("").empty());
}

TEST_CASE("an escape may be cut anywhere") {
  EscapeKeys keys;
  CHECK(passed(keys, "~").empty());
  CHECK(passed(keys, "a") == "~a");
  CHECK(passed(keys, "\r") == "\r");
  CHECK(passed(keys, "~").empty());
  CHECK(passed(keys, ".") == "[leave]");
}

}  // namespace hotline::cli::escape_keys_test
