#include "cli/completions.h"

#include <doctest/doctest.h>

#include "cli/subcommands.h"

namespace hotline::cli::completions_test {

TEST_CASE("each shell's script has every command and every option that help lists") {
  const std::string bash = bash_completion();
  const std::string zsh = zsh_completion();
  const std::string fish = fish_completion();
  for (const Subcommand& each : make_subcommands()) {
    CAPTURE(each.name);
    CHECK(bash.find("    " + each.name + ") echo '") != std::string::npos);
    CHECK(zsh.find("    " + each.name + ")\n      _arguments") != std::string::npos);
    CHECK(fish.find(" -a " + each.name + " -d ") != std::string::npos);
    for (const OptionRow& row : each.options) {
      if (!row.is_listed) continue;
      CAPTURE(row.name);
      CHECK(bash.find(row.name) != std::string::npos);
      CHECK(zsh.find(row.name) != std::string::npos);
      CHECK(fish.find("__fish_seen_subcommand_from " + each.name + "' -l " + row.name.substr(2)) !=
            std::string::npos);
    }
  }
}

TEST_CASE("a text with an apostrophe stays within its quotes") {
  CHECK(fish_completion().find("'\\''call'\\''") != std::string::npos);
}

}  // namespace hotline::cli::completions_test
