#include "cli/arguments.h"

#include <doctest/doctest.h>

namespace hotline::cli::arguments_test {
namespace {

using Words = std::vector<std::string>;
using Options = std::map<std::string, std::string>;

const OptionRow kJson{.name = "--json"};
const OptionRow kHome{.name = "--home", .value = "DIR"};
const OptionRow kHelp{.name = "--help", .letter = 'h'};

Result<Arguments> take(const Words& words) {
  return split_arguments(words, {"", {kJson, kHelp, kHome}, 0},
                         {{"call",
                           {kJson,
                            {.name = "--verbose", .letter = 'v'},
                            kHome,
                            {.name = "--linger", .letter = 'l', .value = "TIME"}},
                           100},
                          {"services", {}, 0},
                          {"help", {}, 1}});
}

Arguments taken(const Words& words) {
  CAPTURE(words.back());
  const auto arguments = take(words);
  REQUIRE(arguments);
  return *arguments;
}

Error refusal(const Words& words) {
  CAPTURE(words.back());
  const auto arguments = take(words);
  REQUIRE_FALSE(arguments);
  CHECK(arguments.error().kind == ErrorKind::invalid_argument);
  return arguments.error();
}

}  // namespace

TEST_CASE("without words there is no command") {
  const auto arguments = take({});
  REQUIRE(arguments);
  CHECK(arguments->command.empty());
  CHECK(arguments->words.empty());
  CHECK(arguments->options.empty());
}

TEST_CASE("options stand before a command, and anywhere after it") {
  const Arguments arguments =
      taken({"--json", "call", "-v", "endpoint", "--linger", "5s", "message", "--home", "h"});
  CHECK(arguments.command == "call");
  CHECK(arguments.words == Words{"endpoint", "message"});
  CHECK(arguments.options ==
        Options{{"--json", ""}, {"--verbose", ""}, {"--linger", "5s"}, {"--home", "h"}});
  CHECK(arguments.has("--verbose"));
  CHECK_FALSE(arguments.has("--help"));
}

TEST_CASE("an option with two names is stored under its long one") {
  CHECK(taken({"-h"}).has("--help"));
  CHECK(taken({"--help"}).has("--help"));
  CHECK(taken({"call", "-v"}).has("--verbose"));
}

TEST_CASE("all values of an option are kept in their order") {
  const Arguments arguments = taken({"--home=a", "call", "--home", "b", "-v"});
  CHECK(arguments.all.at("--home") == Words{"a", "b"});
  CHECK(arguments.all.at("--verbose") == Words{""});
}

TEST_CASE("of an option that is given twice the last value counts") {
  CHECK(taken({"call", "--home", "a", "--home", "b"}).options.at("--home") == "b");
  CHECK(taken({"--home", "a", "call", "--home", "b"}).options.at("--home") == "b");
  CHECK(taken({"call", "-v", "--verbose", "-vv"}).options == Options{{"--verbose", ""}});
}

TEST_CASE("a value is kept as it is, after a space or an equals sign") {
  for (const std::string value : {"", "a b", "{}", "++", "[a,b]", "[", "--json", "\"q\"", "a=b",
                                  "=", "\x01", "\x01x", "--home=\x01x", "\n"}) {
    CAPTURE(value);
    CHECK(taken({"call", "--home", value, "endpoint"}).options == Options{{"--home", value}});
    CHECK(taken({"call", "--home=" + value, "endpoint"}).options == Options{{"--home", value}});
    CHECK(taken({"call", "--home=" + value, "endpoint"}).words == Words{"endpoint"});
  }
}

TEST_CASE("words are kept unchanged, whatever they mean elsewhere") {
  const Words words = {"",       "[a",   "b]",  "[a,b]", "{}",    "++",      "%%",
                       "-",      "---",  "-5",  "/v",    "'q'",   "\"a b\"", "\x01",
                       "\x01[x", "a\nb", "x=1", "\xff",  "false", "WORDS"};
  Words line = words;
  line.insert(line.begin(), "call");
  CHECK(taken(line).words == words);
}

TEST_CASE("the name of a command is a word after a command") {
  CHECK(taken({"call", "call", "services", "help"}).words == Words{"call", "services", "help"});
  CHECK(taken({"help", "call"}).words == Words{"call"});
  CHECK(taken({"help", "help"}).words == Words{"help"});
}

TEST_CASE("after two dashes there are only words") {
  const Arguments arguments = taken({"call", "a", "--", "--json", "--", "-v", "--home=\x01", "[x"});
  CHECK(arguments.words == Words{"a", "--json", "--", "-v", "--home=\x01", "[x"});
  CHECK(arguments.options.empty());
}

TEST_CASE("two dashes before the command do not hide it") {
  const Arguments arguments = taken({"--json", "--", "call", "--json", "x"});
  CHECK(arguments.command == "call");
  CHECK(arguments.words == Words{"--json", "x"});
  CHECK(taken({"--"}).command.empty());
  CHECK(refusal({"--", "-h"}).message() == "there is no command '-h'");
}

TEST_CASE("letters can be written together, and the rest after one with a value is its value") {
  CHECK(taken({"call", "-vv", "x"}).options == Options{{"--verbose", ""}});
  CHECK(taken({"call", "-vl5s", "x"}).options == Options{{"--verbose", ""}, {"--linger", "5s"}});
  CHECK(taken({"call", "-l", "-v", "x"}).options == Options{{"--linger", "-v"}});
  CHECK(refusal({"call", "-vx"}).message() == "there is no option '-vx' of 'hotline call'");
  CHECK(refusal({"call", "x", "-vl"}).message() == "--linger needs a value");
}

TEST_CASE("an option without its value is refused") {
  for (const Words& words :
       {Words{"--home"}, Words{"call", "x", "--home"}, Words{"call", "--home", "--", "x"}}) {
    CHECK(refusal(words).message() == "--home needs a value");
  }
  CHECK(refusal({"--home"}).hint() == "see 'hotline --help'");
  CHECK(refusal({"call", "--home"}).hint() == "see 'hotline call --help'");
}

TEST_CASE("a flag with a value is refused") {
  for (const std::string value : {"", "true", "false", "1", "{}", "[]", "\x01"}) {
    const Error error = refusal({"call", "--verbose=" + value});
    CHECK(error.message() == "--verbose takes no value");
    CHECK(error.hint() == "write just --verbose");
  }
  CHECK(refusal({"--json=true", "call"}).message() == "--json takes no value");
}

TEST_CASE("an unknown option is refused with the names of the known ones") {
  const Error error = refusal({"call", "--lingr=5s"});
  CHECK(error.message() == "there is no option '--lingr=5s' of 'hotline call'");
  CHECK(error.hint() ==
        "did you mean '--linger'? there are --json, --verbose, --home and --linger; words after "
        "-- are not options");
  CHECK(refusal({"call", "-x"}).message() == "there is no option '-x' of 'hotline call'");
  CHECK(refusal({"call", "--lingr="}).message() ==
        "there is no option '--lingr=' of 'hotline call'");
}

TEST_CASE("an option of a command is refused before the command, with its right place") {
  const Error error = refusal({"--linger", "5s", "call"});
  CHECK(error.message() == "'--linger' is an option of a command");
  CHECK(error.hint() == "write it after the command, as in 'hotline call --linger'");
  CHECK(refusal({"--lingr", "call"}).hint() ==
        "there are --json, --help and --home; words after -- are not options");
  CHECK(refusal({"cal", "help"}).message() == "there is no command 'cal'");
}

TEST_CASE("an unknown command is refused with the names of the known ones") {
  const Error error = refusal({"cal"});
  CHECK(error.message() == "there is no command 'cal'");
  CHECK(error.hint() == "did you mean 'call'? there are call, services and help");
  CHECK(refusal({""}).message() == "there is no command ''");
  CHECK(refusal({"CALL"}).hint() == "there are call, services and help");
}

TEST_CASE("an extra word after a command is refused") {
  CHECK(taken({"help", "a"}).words == Words{"a"});
  for (const Words& words :
       {Words{"help", "a", "b"}, Words{"help", "a", "--", "b"}, Words{"help", "--", "a", "b"}}) {
    const Error error = refusal(words);
    CHECK(error.message() == "one word too many: 'b'");
    CHECK(error.hint() == "see 'hotline help --help'");
  }
  CHECK(refusal({"services", "call"}).message() == "one word too many: 'call'");
  CHECK(refusal({"services", "--", "--json"}).message() == "one word too many: '--json'");
}

TEST_CASE("a refused word is shown escaped, because it may contain anything") {
  for (const Words& words :
       {Words{"\x1b[2J"}, Words{"call", "--\x1b[2J"}, Words{"services", "\x1b[2J"}}) {
    CHECK(refusal(words).message().find("\\x1b[2J'") != std::string::npos);
  }
}

}  // namespace hotline::cli::arguments_test
