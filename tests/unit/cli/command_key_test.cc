#include "cli/command_key.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_key_test {
namespace {

std::string refusal_of(const test::Words& words) {
  return test::refusal<read_key>(words).message();
}

}  // namespace

TEST_CASE("key takes an action, and a name if the action is about one key") {
  CHECK(test::understood<read_key>({"key", "new", "alice"}).selector.name == "alice");
  CHECK(test::understood<read_key>({"key", "remove", "alice"}).selector.name == "alice");
  for (const char* each : {"add", "list"}) {
    const KeyOptions options = test::understood<read_key>({"key", each});
    CHECK((options.action != nullptr));
    CHECK(options.selector.name.empty());
  }
}

TEST_CASE("the options of key select one of several keys") {
  for (const char* option : {"remove", "export"}) {
    test::Words words = {"key", option, "alice", "--server", "0a1b", "--from", "credentials"};
    if (words[1] == "export") words.push_back("--openssl");
    const KeySelector selector = test::understood<read_key>(words).selector;
    CHECK(selector.server_id == "0a1b");
    CHECK(selector.list == KeyList::credentials);
  }
  CHECK_FALSE(test::understood<read_key>({"key", "remove", "alice"}).selector.list);
}

TEST_CASE("a mistake in the words of key is refused with what to write instead") {
  for (const auto& [words, message] : std::vector<std::pair<test::Words, std::string>>{
           {{"key"}, "missing ACTION"},
           {{"key", "nwe", "alice"}, "unknown action 'nwe'"},
           {{"key", "new"}, "missing NAME"},
           {{"key", "remove"}, "missing NAME"},
           {{"key", "export", "--openssl"}, "missing NAME"},
           {{"key", "add", "alice"}, "'key add' takes no NAME"},
           {{"key", "list", "alice"}, "'key list' takes no NAME"},
           {{"key", "export", "alice"}, "missing --openssl"},
           {{"key", "new", "alice", "--openssl"}, "--openssl does not apply to 'key new'"},
           {{"key", "new", "alice", "--server", "1"}, "--server does not apply to 'key new'"},
           {{"key", "list", "--from", "callers"}, "--from does not apply to 'key list'"},
           {{"key", "remove", "alice", "--openssl"}, "--openssl does not apply to 'key remove'"},
           {{"key", "remove", "alice", "--from", "x"}, "--from: 'x' is not a list of keys"},
           {{"key", "new", "a b"},
            "cannot use the name 'a b': it has a character that names may not have"}}) {
    CHECK(refusal_of(words) == message);
  }
  CHECK(test::refusal<read_key>({"key", "exprot"}).hint().starts_with("did you mean 'export'?"));
}

TEST_CASE("a third word of key is one too many") {
  const CommandLine line = parse_command_line({"key", "new", "a", "b"}, make_subcommands());
  REQUIRE_FALSE(line.arguments);
  CHECK(line.arguments.error().message() == "one word too many: 'b'");
}

}  // namespace hotline::cli::command_key_test
