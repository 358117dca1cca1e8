#include "cli/command_help.h"

#include <string>

#include <doctest/doctest.h>

#include "cli/help.h"
#include "support/standard_streams.h"

namespace hotline::cli::command_help_test {

TEST_CASE("help takes one topic, and proposes all of them") {
  const Subcommand help = help_subcommand();
  REQUIRE(help.operands.size() == 1);
  CHECK(help.operands[0].choices() == topic_names());
}

TEST_CASE("an unknown topic is an error with the status of misuse") {
  ExitStatus status = ExitStatus::ok;
  const std::string said = test::written_to(stderr, [&] { status = print_help("nothing", {}); });
  CHECK(status == ExitStatus::usage);
  CHECK(said.starts_with("error: there is no help on 'nothing'\n"));
}

}  // namespace hotline::cli::command_help_test
