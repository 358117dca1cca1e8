#include "cli/command_version.h"

#include <string>

#include "cli/build_facts.h"

namespace hotline::cli {

ExitStatus print_version(const Arguments&, const CommonOptions& common) {
  const std::string version(build_facts().version);
  const std::string line = common.output == OutputForm::json
                               ? JsonLine::versioned().add("version", version).text()
                               : "hotline " + version;
  return print_output(line + '\n', ExitStatus::ok, common.output);
}

Subcommand version_subcommand() {
  return {.name = "version",
          .summary = "print the version",
          .examples = "  hotline version\n  hotline version --json\n",
          .description =
              "Prints the version of the program, as 'hotline --version' does. 'hotline "
              "doctor' also prints what it was built with.\n",
          .run = print_version};
}

}  // namespace hotline::cli
