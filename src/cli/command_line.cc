#include "cli/command_line.h"

#include <algorithm>

#include "cli/command_help.h"
#include "cli/command_version.h"
#include "cli/help.h"
#include "cli/report.h"
#include "cli/subcommands.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

ExitStatus report_no_command(OutputForm form) {
  if (form == OutputForm::json) {
    return report_error(usage_error("no command", "see 'hotline --help'"), ExitStatus::usage, form);
  }
  const auto help = help_on({});
  if (help) write_standard(StandardStream::error, *help);
  return ExitStatus::usage;
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& words,
                               const std::vector<Subcommand>& commands) {
  std::vector<CommandShape> shapes;
  for (const Subcommand& each : commands) shapes.push_back(each.shape());
  CommandLine line{.common = {},
                   .arguments = split_arguments(words, {"", program_rows(), 0}, shapes)};
  const auto end = std::ranges::find(words, "--");
  const bool wants_json =
      line.arguments ? line.arguments->has("--json") : std::count(words.begin(), end, "--json") > 0;
  line.common.output = wants_json ? OutputForm::json : OutputForm::text;
  if (line.arguments && line.arguments->has("--home")) {
    line.common.home = line.arguments->options.at("--home");
  }
  return line;
}

ExitStatus run_command_line(const std::vector<std::string>& words) {
  std::vector<Subcommand> commands = make_subcommand_in(words);
  CommandLine line = parse_command_line(words, commands);
  if (!line.arguments) {
    // A mistake is explained with all of them; and the word may have been the value of an option.
    commands = make_subcommands();
    line = parse_command_line(words, commands);
  }
  const CommonOptions& common = line.common;
  if (!line.arguments) {
    return report_error(line.arguments.error(), ExitStatus::usage, common.output);
  }
  const Arguments& given = *line.arguments;
  if (given.has("--version")) return print_version(given, common);
  if (given.has("--help")) return print_help(given.command, common);
  if (given.command.empty()) return report_no_command(common.output);
  return std::ranges::find(commands, given.command, &Subcommand::name)->run(given, common);
}

}  // namespace hotline::cli
