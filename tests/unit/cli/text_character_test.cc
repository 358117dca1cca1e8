#include "cli/text_character.h"

#include <doctest/doctest.h>

namespace hotline::cli::text_character_test {
namespace {

using Kind = TextCharacter::Kind;

}  // namespace

TEST_CASE("the first character of a text is whole, cut or not one") {
  CHECK(TextCharacter::first_of("ab").size == 1);
  CHECK(TextCharacter::first_of("\u64cd.").size == 3);
  CHECK(TextCharacter::first_of("\u64cd.").code == 0x64cd);
  CHECK(TextCharacter::first_of("\U0001f600").code == 0x1f600);
  for (const char* cut : {"\xe6", "\xe6\x93", "\xf0\x9f\x98"}) {
    CHECK(TextCharacter::first_of(cut).kind == Kind::cut);
  }
  for (const char* wrong :
       {"\x80", "\xff", "\xc0\x80", "\xe6x", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80"}) {
    CAPTURE(wrong);
    CHECK(TextCharacter::first_of(wrong).kind == Kind::invalid);
    CHECK(TextCharacter::first_of(wrong).size == 1);
  }
}

TEST_CASE("control characters are those of C0 and C1 and the marks of direction") {
  for (const char* control : {"\x1b", "\r", "\x7f", "\u009b", "\u202e", "\u2066", "\u200f"}) {
    CAPTURE(control);
    CHECK(TextCharacter::first_of(control).is_control());
  }
  for (const char* text : {"\n", "\t", " ", "~", "\u00a0", "\u2010", "\u2070"}) {
    CAPTURE(text);
    CHECK_FALSE(TextCharacter::first_of(text).is_control());
  }
}

}  // namespace hotline::cli::text_character_test
