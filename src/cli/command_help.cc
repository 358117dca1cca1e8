#include "cli/command_help.h"

#include "cli/help.h"

namespace hotline::cli {
namespace {

ExitStatus explain(const Arguments& given, const CommonOptions& common) {
  return print_help(given.words.empty() ? std::string() : given.words.front(), common);
}

}  // namespace

ExitStatus print_help(const std::string& topic, const CommonOptions& common) {
  const auto text = help_on(topic);
  if (!text) return report_error(text.error(), ExitStatus::usage, common.output);
  const bool is_json = common.output == OutputForm::json;
  return print_output(is_json ? JsonLine::versioned().add("help", *text).text() + '\n' : *text,
                      ExitStatus::ok, common.output);
}

Subcommand help_subcommand() {
  return {.name = "help",
          .summary = "explain a command, a service or a topic",
          .examples = "  hotline help serve\n  hotline help framing\n",
          .operands = {{.name = "TOPIC", .usage = "[TOPIC]", .choices = topic_names}},
          .description =
              "Prints the help on TOPIC, or without TOPIC the help of the program, which "
              "lists the topics. 'hotline COMMAND --help' prints the same as 'hotline "
              "help COMMAND'.\n",
          .run = explain};
}

}  // namespace hotline::cli
