#include "cli/command_version.h"

#include <string>

#include <doctest/doctest.h>

#include "cli/build_facts.h"
#include "support/standard_streams.h"

namespace hotline::cli::command_version_test {

TEST_CASE("the version is the one that the program was built as") {
  const std::string version(build_facts().version);
  const auto said = [](OutputForm form) {
    return test::written_to(stdout, [&] { print_version({}, {.output = form}); });
  };
  CHECK(said(OutputForm::text) == "hotline " + version + '\n');
  CHECK(said(OutputForm::json) == "{\"v\":1,\"version\":\"" + version + "\"}\n");
}

}  // namespace hotline::cli::command_version_test
