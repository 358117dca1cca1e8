#include "cli/remote_glob.h"

#include <string>
#include <string_view>
#include <vector>

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

RemoteName name_of(std::string_view path, FileKind kind) {
  return {.path = FilePath::parse(path).value(), .meta = {.kind = kind}};
}

TEST_CASE("a directory stands for all that is below it, and for nothing else") {
  using enum FileKind;
  std::vector<RemoteName> names;
  names.push_back(name_of("t", directory));
  names.push_back(name_of("t-x", file));
  names.push_back(name_of("t/u/v/f", file));
  names.push_back(name_of("tt/f", file));
  names.push_back(name_of("w/f", file));
  names.push_back(name_of("l", link));
  names.push_back(name_of("l/f", file));
  leave_out_covered(names);
  std::vector<std::string> left;
  for (const RemoteName& each : names) left.push_back(each.path.text());
  CHECK(left == std::vector<std::string>{"t", "t-x", "tt/f", "w/f", "l", "l/f"});
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
