#include "cli/prompt_command.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace hotline::cli::prompt_command_test {

TEST_CASE("every command has a name of its own, and one that works on an open connection") {
  std::set<std::string_view> names;
  for (const PromptCommand& each : prompt_commands()) {
    CAPTURE(each.name);
    CHECK(names.insert(each.name).second);
    CHECK(find_prompt_command(each.name) == &each);
    CHECK(("\n" + prompt_help()).find("\n  " + std::string(each.name)) != std::string::npos);
    CHECK(prompt_help(each).starts_with(each.name));
    if (!each.program.empty()) CHECK((program_command(each).run_on != nullptr));
  }
  CHECK(find_prompt_command("format") == nullptr);
}

TEST_CASE("the commands of the course are there") {
  for (const char* name : {"ls", "cd", "pwd", "lcd", "lls", "lpwd", "get", "put", "mkdir", "rm",
                           "mv", "cat", "sum", "quota", "uploads", "help", "quit"}) {
    CHECK(find_prompt_command(name) != nullptr);
  }
}

TEST_CASE("options about the connection do not belong to the prompt") {
  for (const OptionRow& each : program_command(*find_prompt_command("get")).options) {
    CHECK(each.name != "--timeout");
    CHECK(each.name != "--retry-for");
  }
  CHECK(prompt_help(*find_prompt_command("get")).find("--recursive") != std::string::npos);
}

}  // namespace hotline::cli::prompt_command_test
