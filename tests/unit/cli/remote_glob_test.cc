#include "cli/remote_glob.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::cli::remote_glob_test {

TEST_CASE("a pattern matches whole components") {
  const std::pair<const char*, const char*> matching[] = {
      {"a", "a"},        {"*", "a"},     {"*.pdf", "a.pdf"},  {"a*c", "abbc"},   {"a*b*c", "aXbYc"},
      {"?", "a"},        {"[abc]", "b"}, {"[a-c]x", "bx"},    {"[!a]", "b"},     {"[]]", "]"},
      {"[a-]", "-"},     {"\\*", "*"},   {"a/*", "a/b"},      {"*/b", "a/b"},    {"**", "a/b/c"},
      {"**/c", "a/b/c"}, {"**/c", "c"},  {"a/**/c", "a/b/c"}, {"a/**/c", "a/c"}, {"[x", "[x"},
      {"", ""},          {"a*", "a"},
  };
  for (const auto& [pattern, path] : matching) {
    CAPTURE(pattern);
    CAPTURE(path);
    CHECK(glob_matches(pattern, path));
  }
  const std::pair<const char*, const char*> others[] = {
      {"a", "b"},     {"*", "a/b"},  {"*.pdf", "pdf"}, {"?", ""},      {"?", "ab"},
      {"[abc]", "d"}, {"[!a]", "a"}, {"\\*", "a"},     {"a/*", "a"},   {"*/b", "b"},
      {"**/c", "cc"}, {"a/**", "b"}, {"a/*", "a/b/c"}, {"[a-c]", "-"}, {"", "a"},
  };
  for (const auto& [pattern, path] : others) {
    CAPTURE(pattern);
    CAPTURE(path);
    CHECK_FALSE(glob_matches(pattern, path));
  }
}

TEST_CASE("a hostile pattern takes no long time") {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  CHECK_FALSE(glob_matches(pattern + "b", std::string(255, 'a')));
}

TEST_CASE("only a word with one of the signs is a pattern") {
  CHECK(is_glob("docs/*.pdf"));
  CHECK(is_glob("a?"));
  CHECK(is_glob("[a]"));
  CHECK_FALSE(is_glob("docs/a.pdf"));
  CHECK_FALSE(is_glob("a\\*"));
  CHECK(is_glob("a\\*?"));
  CHECK(has_pattern_sign("a\\*"));
  CHECK_FALSE(has_pattern_sign("a\\b"));
}

TEST_CASE("what comes before the signs of a pattern is a path") {
  CHECK(fixed_path("docs/a/*.pdf")->text() == "docs/a");
  CHECK(fixed_path("docs/a")->text() == "docs/a");
  CHECK(fixed_path("d\\*/x*")->text() == "d*");
  CHECK(fixed_path("*")->is_home());
  for (const char* word : {"../*", "a/../*", "..", "a/./b", "a//b"}) {
    CAPTURE(word);
    CHECK_FALSE(fixed_path(word));
  }
}

}  // namespace hotline::cli::remote_glob_test
