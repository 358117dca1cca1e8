#include "cli/prompt_completion.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::prompt_completion_test {
namespace {

using Names = std::vector<CompletionName>;

LineCompletion completed(std::string_view line) {
  FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::text});
  const PromptPlaces places;
  return PromptCompletion(link, places).complete(line);
}

}  // namespace

TEST_CASE("the only name is completed, and what may follow it") {
  const Names names = {{"apple"}, {"box", true}, {"boy"}};
  CHECK(complete_name({}, "a", names).inserted == "pple ");
  CHECK(complete_name({}, "box", names).inserted == "/");
  CHECK(complete_name({.quote = '\''}, "a", names).inserted == "pple' ");
  CHECK(complete_name({.quote = '\''}, "box", names).inserted == "/");
  CHECK(complete_name({}, "x", names).inserted.empty());
  CHECK(complete_name({}, "x", names).proposals.empty());
}

TEST_CASE("of several names what they have in common is completed, and then they are shown") {
  const Names names = {{"boy"}, {"box", true}, {"apple"}};
  CHECK(complete_name({}, "b", names).inserted == "o");
  const LineCompletion shown = complete_name({}, "bo", names);
  CHECK(shown.inserted.empty());
  CHECK(shown.proposals == std::vector<std::string>{"box/", "boy"});
}

TEST_CASE("a name is inserted as it must be typed") {
  CHECK(complete_name({}, "a", {{"a b'c"}}).inserted == "\\ b\\'c ");
  CHECK(complete_name({.quote = '"'}, "a", {{"a b\"c"}}).inserted == " b\\\"c\" ");
}

TEST_CASE("characters are not cut in two") {
  const LineCompletion completion = complete_name({}, "x", {{"x\u00e4"}, {"x\u00f6"}});
  CHECK(completion.inserted.empty());
  CHECK(completion.proposals.size() == 2);
}

TEST_CASE("hidden names and those that cannot be typed are left out") {
  CHECK(complete_name({}, "", {{".hidden"}, {"seen"}}).inserted == "seen ");
  CHECK(complete_name({}, ".", {{".hidden"}, {"seen"}}).inserted == "hidden ");
  CHECK(complete_name({}, "", {{"a\nb"}}).inserted.empty());
}

TEST_CASE("commands and their options are completed without a connection") {
  CHECK(completed("qui").inserted == "t ");
  CHECK(completed("help quo").inserted == "ta ");
  CHECK(completed("put --rec").inserted == "ursive ");
  CHECK(completed("ls --retry").inserted.empty());
  CHECK(completed("cd docs/a").inserted.empty());
  CHECK(completed("nothing a").inserted.empty());
  CHECK(completed("").proposals.size() == prompt_commands().size());
}

}  // namespace hotline::cli::prompt_completion_test
