#include "cli/man_page.h"

#include <vector>

#include "cli/service_registry.h"
#include "cli/subcommands.h"
#include "cli/text_layout.h"
#include "cli/topics.h"

namespace hotline::cli {
namespace {

std::string title_of(std::string_view title, std::string_view version) {
  return ".\\\" Generated from the tables of the program's options.\n.TH " + std::string(title) +
         " 1 \"\" \"hotline " + std::string(version) + "\" \"User Commands\"\n";
}

std::string heading(std::string_view title) { return ".SH " + std::string(title) + '\n'; }

/// Paragraphs are filled by roff; lines that begin with a blank stay as they are.
std::string roff_body(std::string_view text) {
  std::string roff;
  for (const std::string& paragraph : paragraphs_of(text)) {
    const bool is_kept = paragraph.starts_with(' ');
    roff += is_kept ? ".PP\n.nf\n" : ".PP\n";
    roff += roff_escape(paragraph);
    if (is_kept) roff += ".fi\n";
  }
  return roff;
}

std::string bold(std::string_view text) { return "\\fB" + roff_escape(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff_escape(text) + "\\fR"; }

std::string entry_of(const OptionRow& option) {
  std::string roff = ".TP\n";
  if (option.letter != 0) roff += bold(std::string{'-', option.letter}) + ", ";
  roff += bold(option.name);
  if (option.takes_value()) roff += ' ' + italic(option.value);
  return roff + '\n' + roff_escape(option.help) + '\n';
}

std::string options_section(const std::vector<OptionRow>& options) {
  std::string roff = heading("OPTIONS");
  for (const OptionRow& each : options) {
    if (each.is_listed) roff += entry_of(each);
  }
  return roff;
}

/// The name and summary of each.
template <typename Range>
std::string listing(std::string_view title, const Range& range) {
  std::string roff = heading(title);
  for (const auto& each : range) {
    roff += ".TP\n" + bold(each.name) + '\n' + roff_escape(each.summary) + '\n';
  }
  return roff;
}

std::string see_also(std::string_view own_name) {
  std::string roff;
  if (!own_name.empty()) roff = "\\fBhotline\\fR(1)";
  for (const Subcommand& each : make_subcommands()) {
    if (each.name == own_name) continue;
    if (!roff.empty()) roff += ",\n";
    roff += bold("hotline-" + each.name) + "(1)";
  }
  return heading("SEE ALSO") + roff + '\n';
}

}  // namespace

std::string roff_escape(std::string_view text) {
  std::string roff;
  bool is_line_begin = true;
  for (const char c : text) {
    // At the beginning of a line, . and ' begin a request.
    if (is_line_begin && (c == '.' || c == '\'')) roff += "\\&";
    if (c == '\\') {
      roff += "\\e";
    } else if (c == '-') {
      roff += "\\-";
    } else if (c == '\'') {
      roff += "\\(aq";
    } else if (c == '^') {
      roff += "\\(ha";
    } else if (c == '~') {
      roff += "\\(ti";
    } else if (c == '`') {
      roff += "\\(ga";
    } else {
      roff += c;
    }
    is_line_begin = c == '\n';
  }
  return roff;
}

std::string program_man_page(std::string_view version) {
  std::string roff = title_of("HOTLINE", version) + heading("NAME") +
                     "hotline \\- client/server programs over TCP, UDP and UNIX sockets\n" +
                     heading("SYNOPSIS") + bold("hotline") + ' ' + italic("COMMAND") + " [" +
                     italic("OPTION") + "]...\n";
  roff += heading("DESCRIPTION") +
          roff_body(
              "The program serves services and calls them, over TCP, UDP and UNIX sockets. Each "
              "COMMAND has a man page of its own, hotline-COMMAND(1).\n");
  roff += listing("COMMANDS", make_subcommands());
  roff += listing("SERVICES", make_services());
  roff += options_section(program_rows());
  for (const Topic& each : make_topics()) {
    if (each.name != "status") roff += heading(each.title) + roff_body(each.text);
  }
  return roff + heading("EXIT STATUS") + roff_body(status_table()) + see_also({});
}

std::string man_page_of(const Subcommand& command, std::string_view version) {
  const std::string name = "hotline-" + command.name;
  std::string roff = title_of(name, version) + heading("NAME") + roff_escape(name) + " \\- " +
                     roff_escape(command.summary) + '\n';
  roff += heading("SYNOPSIS") + roff_escape(command.usage()) + '\n';
  roff += heading("DESCRIPTION") + roff_body(command.description);
  roff += options_section(command.options) + roff_body(command.notes);
  roff += heading("EXAMPLES") + roff_body(command.examples);
  return roff + heading("EXIT STATUS") + roff_body(status_table()) + see_also(command.name);
}

}  // namespace hotline::cli
