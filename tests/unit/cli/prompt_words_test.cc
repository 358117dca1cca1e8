#include "cli/prompt_words.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::prompt_words_test {
namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("blanks separate words, and quotes and backslashes hold them together") {
  const std::pair<const char*, Words> lines[] = {
      {"ls", {"ls"}},
      {"  get  a\tb ", {"get", "a", "b"}},
      {"get 'a b' \"c d\" e\\ f", {"get", "a b", "c d", "e f"}},
      {"get a'b'\"c\"d", {"get", "abcd"}},
      {"get ''", {"get", ""}},
      {"get \"it's\" 'say \"x\"'", {"get", "it's", "say \"x\""}},
      {"get \"a\\\"b\"", {"get", "a\"b"}},
      {"ls a#b", {"ls", "a#b"}},
      {"# ls", {}},
      {"", {}},
      {" \t", {}},
  };
  for (const auto& [line, words] : lines) {
    CAPTURE(line);
    const auto split = split_prompt_line(line);
    REQUIRE(split);
    CHECK(*split == words);
  }
}

TEST_CASE("what is quoted is not a pattern") {
  CHECK(split_prompt_line("ls *.pdf")->back() == "*.pdf");
  CHECK(split_prompt_line("ls '*'.pdf")->back() == "\\*.pdf");
  CHECK(split_prompt_line("ls \\[a]")->back() == "\\[a]");
  CHECK(split_prompt_line("ls \"a\\b\"")->back() == "a\\\\b");
  for (const char* name : {"a", "*", "a[1]?", "\\", "a\\*"}) {
    CHECK(plain_text(pattern_of(name)) == name);
  }
  CHECK(plain_text("a\\*b") == "a*b");
}

TEST_CASE("a quote that is not closed is refused") {
  for (const char* line : {"get 'a", "get \"a", "get \"a'", "get a\\"}) {
    const auto split = split_prompt_line(line);
    REQUIRE_FALSE(split);
    CHECK_FALSE(split.error().hint().empty());
  }
}

TEST_CASE("the last word of a line may be unfinished") {
  const PromptWords words = split_unfinished("get 'a b");
  CHECK(words.whole == Words{"get"});
  CHECK(words.last.pattern == "a b");
  CHECK(words.last.quote == '\'');
  CHECK(split_unfinished("get ").last.pattern.empty());
  CHECK(split_unfinished("get ").whole == Words{"get"});
  CHECK(split_unfinished("get a\\").last.is_escaping);
}

TEST_CASE("a text that is typed is split into the same text") {
  for (const std::string text : {"a b", "it's", "say \"x\"", "*?[a]", "\\", "#", "größe"}) {
    for (const char quote : {'\0', '\'', '"'}) {
      CAPTURE(text);
      CAPTURE(quote);
      const std::string around = quote == 0 ? std::string() : std::string(1, quote);
      const auto split = split_prompt_line("x " + around + typed_text(text, quote) + around);
      REQUIRE(split);
      CHECK(plain_text(split->back()) == text);
    }
  }
}

}  // namespace hotline::cli::prompt_words_test
