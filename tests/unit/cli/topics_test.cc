#include "cli/topics.h"

#include <doctest/doctest.h>

#include "hotline/framing/framing.h"
#include "hotline/server/concurrency.h"

namespace hotline::cli::topics_test {
namespace {

std::string text_of(std::string_view name) {
  for (const Topic& each : make_topics()) {
    if (each.name == name) return each.text;
  }
  return {};
}

/// The words of a list as errors write it: `a, b and c`.
std::vector<std::string> listed(std::string text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + ' ') {
    if (c != ' ' && c != ',') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

}  // namespace

TEST_CASE("the topic framing describes every framing that the library's own error names") {
  const std::string named = Framing::parse("nonsense").error().hint();
  const std::string text = text_of("framing");
  std::size_t count = 0;
  for (const std::string& word : listed(named.substr(named.find(" are ") + 5))) {
    if (word == "and") continue;
    CAPTURE(word);
    CHECK(text.find("\n  " + word) != std::string::npos);
    ++count;
  }
  CHECK(count >= 12);
}

TEST_CASE("the topic concurrency describes every word") {
  for (const Choice& word : Concurrency::choices()) {
    CAPTURE(word.form);
    CHECK(text_of("concurrency").find("\n  " + std::string(word.form)) != std::string::npos);
  }
}

TEST_CASE("the exit statuses are listed once each") {
  for (const std::string status :
       {"0", "1", "2", "4", "5", "6", "7", "8", "9", "10", "130", "255"}) {
    CHECK(('\n' + status_table()).find("\n  " + status + ' ') != std::string::npos);
  }
}

TEST_CASE("the exit statuses say that a key is missing") {
  CHECK(status_table().find("no key") != std::string::npos);
}

}  // namespace hotline::cli::topics_test
