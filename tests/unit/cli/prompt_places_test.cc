#include "cli/prompt_places.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace hotline::cli::prompt_places_test {

TEST_CASE("words are relative to the directory at the server, and dots are resolved here") {
  PromptPlaces places;
  places.set_remote("a/b");
  const std::pair<const char*, const char*> words[] = {
      {"c", "a/b/c"},      {"", "a/b"},     {".", "a/b"},        {"..", "a"}, {"../..", "/"},
      {"/c", "c"},         {"../c", "a/c"}, {"../../../c", "c"}, {"/", "/"},  {"./c/", "a/b/c/"},
      {"c//d", "a/b/c/d"}, {"/..", "/"},    {"../../", "/"},
  };
  for (const auto& [word, path] : words) {
    CAPTURE(word);
    CHECK(places.remote_name(word) == path);
    CHECK(places.remote_pattern(word) == path);
  }
}

TEST_CASE("a pattern stays one, and the name of the directory does not become one") {
  PromptPlaces places;
  places.set_remote("a[1]");
  CHECK(places.remote_pattern("*.pdf") == "a\\[1]/*.pdf");
  CHECK(places.remote_pattern("b") == "a\\[1]/b");
  CHECK(places.remote_pattern("/*") == "*");
  CHECK(places.remote_pattern("../b") == "b");
  CHECK(places.remote_name("b\\*") == "a[1]/b*");
  places.set_remote("a\\b");
  CHECK(places.remote_pattern("c") == "a\\b/c");
}

TEST_CASE("a local word is relative to the directory of this machine") {
  PromptPlaces places;
  CHECK(places.local() == ".");
  CHECK(places.local_name("a") == "a");
  places.set_local("up[1]");
  CHECK(places.local() == "up[1]");
  CHECK(places.local_name("../a") == "up[1]/../a");
  CHECK(places.local_name("/a") == "/a");
  CHECK(places.local_pattern("*") == "up\\[1]/*");
  places.set_local("/");
  CHECK(places.local_name("a") == "/a");
}

}  // namespace hotline::cli::prompt_places_test
