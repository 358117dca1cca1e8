#include "cli/help.h"

#include <algorithm>

#include "cli/option_values.h"
#include "cli/service_registry.h"
#include "cli/subcommands.h"
#include "cli/text_layout.h"
#include "cli/topics.h"
#include "hotline/core/choice.h"
#include "hotline/core/nearest_name.h"

namespace hotline::cli {
namespace {

constexpr char kIntroduction[] = R"(hotline: client/server programs over TCP, UDP and UNIX sockets

  hotline serve upper=tcp://127.0.0.1:8000     serve until ^C
  hotline call tcp://127.0.0.1:8000 hello      call it: prints HELLO
  hotline run tcp://127.0.0.1:8090 -- ls -l    run a command where 'command' is served

usage: hotline COMMAND [OPTION]...

)";

std::string section(std::string_view title, const std::vector<Definition>& definitions) {
  return std::string(title) + ":\n" + two_columns(definitions);
}

std::vector<Definition> describe(const std::vector<OptionRow>& options) {
  std::vector<Definition> definitions;
  for (const OptionRow& each : options) {
    if (each.is_listed) definitions.push_back({each.usage(), each.help});
  }
  return definitions;
}

/// The name and summary of each.
template <typename Range>
std::vector<Definition> summaries_of(const Range& range) {
  std::vector<Definition> definitions;
  for (const auto& each : range) definitions.push_back({each.name, each.summary});
  return definitions;
}

std::string program_help() {
  return kIntroduction + section("commands", summaries_of(make_subcommands())) + '\n' +
         section("services", summaries_of(make_services())) + '\n' +
         section("topics of 'hotline help'", summaries_of(make_topics())) + '\n' +
         section("options", describe(program_rows())) +
         "\n'hotline help NAME' explains a command, a service or a topic.\n";
}

std::string titled(const std::string& name, const std::string& summary, const std::string& text) {
  return name + ": " + summary + "\n\n" + fill(text);
}

/// Returns the text of the command and of the service of that name; empty if there is neither.
std::string find_command_and_service(std::string_view name) {
  std::string text;
  for (const Subcommand& each : make_subcommands()) {
    if (each.name == name) text = help_of(each);
  }
  for (const ServiceEntry& each : make_services()) {
    if (each.name != name) continue;
    const std::string title = text.empty() ? each.name : "\nThe service " + quote(each.name);
    text += titled(title, each.summary, each.help);
  }
  return text;
}

/// Empty if the topic is unknown.
std::string find_help(std::string_view topic) {
  if (std::string found = find_command_and_service(topic); !found.empty()) return found;
  for (const Topic& each : make_topics()) {
    const bool is_it = each.name == topic || each.also == topic;
    if (is_it) return titled(each.name, each.summary, each.text);
  }
  return {};
}

}  // namespace

std::string help_of(const Subcommand& command) {
  std::string text = "hotline " + command.name + ": " + command.summary + "\n\n" +
                     command.examples + "\nusage: " + command.usage() + "\n\n";
  text += fill(command.description) + '\n' + section("options", describe(command.options));
  if (!command.notes.empty()) text += '\n' + fill(command.notes);
  return text;
}

Result<std::string> help_on(std::string_view topic) {
  if (topic.empty()) return program_help();
  if (std::string found = find_help(topic); !found.empty()) return found;
  const std::vector<std::string> names = topic_names();
  return fail(usage_error("there is no help on " + quote(topic),
                          did_you_mean(topic, names) + "there is help on " + list_words(names)));
}

std::vector<std::string> topic_names() {
  std::vector<std::string> names;
  for (const Subcommand& each : make_subcommands()) names.push_back(each.name);
  for (const ServiceEntry& each : make_services()) {
    if (std::ranges::find(names, each.name) == names.end()) names.push_back(each.name);
  }
  for (const Topic& each : make_topics()) names.push_back(each.name);
  return names;
}

}  // namespace hotline::cli
