#include "cli/completions.h"

#include <set>
#include <sstream>
#include <string>

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

TEST_CASE("no option with a value is listed twice") {
  const std::string bash = bash_completion();
  const std::size_t begin = bash.find("_hotline_with_value='");
  REQUIRE(begin != bash.npos);
  std::istringstream line(bash.substr(begin, bash.find('\n', begin) - begin).substr(21));
  std::set<std::string> seen;
  for (std::string word; line >> word;) {
    CAPTURE(word);
    CHECK(seen.insert(word).second);
  }
  CHECK(seen.contains("--linger"));
  CHECK(seen.contains("--home"));
}

TEST_CASE("only transports that fit are proposed") {
  const std::string bash = bash_completion();
  for (const std::string command : {"run", "shell"}) {
    CHECK(bash.contains("\"" + command + " \"0) echo 'tcp:// unix:/// unix:@ tls://' ;;"));
  }
  CHECK(bash.contains("\"call \"0) echo 'tcp:// udp:// unix:"));
  CHECK(bash.contains("command=unix:@"));
  CHECK_FALSE(bash.contains("command=udp:"));
  CHECK_FALSE(bash.contains("command=unixgram:"));
  CHECK(bash.contains("upper=udp:"));
}

TEST_CASE("a text with an apostrophe stays within its quotes") {
  CHECK(fish_completion().find("'\\''call'\\''") != std::string::npos);
}

}  // namespace hotline::cli::completions_test
