#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "cli/option_row.h"
#include "cli/report.h"

namespace hotline::cli {

class FileLink;

/// One sub-command of the program, with everything that parsing, help, man pages and completions
/// need. Texts are in the form that fill() takes.
struct Subcommand {
  std::string name;
  std::string summary;        ///< One line, which begins with a verb.
  std::string examples = {};  ///< Lines that begin with two blanks.
  std::vector<Operand> operands = {};
  std::vector<OptionRow> options = {};
  std::string description = {};
  std::string notes = {};  ///< The text below the options.

  /// Reads the rest of the command line and does the work. Reports its own failure.
  ExitStatus (*run)(const Arguments& given, const CommonOptions& common) = nullptr;

  /// The same on a connection that is open, for a line of the prompt. Only commands for files.
  ExitStatus (*run_on)(FileLink& link, const Arguments& given,
                       const CommonOptions& common) = nullptr;

  /// `hotline call [OPTION]... ENDPOINT [MESSAGE]...`
  std::string usage() const {
    std::string text = "hotline " + name + " [OPTION]...";
    for (const Operand& each : operands) text += ' ' + each.usage;
    return text;
  }

  CommandShape shape() const {
    constexpr std::size_t kUnlimited = 1 << 20;
    const bool is_open = !operands.empty() && operands.back().repeats == Repeats::yes;
    return {name, options, is_open ? kUnlimited : operands.size()};
  }
};

/// A `run` of Subcommand: `read` turns the arguments into the command's options, and `perform` does
/// the work. A mistake in the arguments is reported with status 2.
template <auto read, auto perform>
ExitStatus read_and_run(const Arguments& given, const CommonOptions& common) {
  const auto options = read(given);
  if (!options) return report_error(options.error(), ExitStatus::usage, common.output);
  return perform(*options, common);
}

/// The paragraph on how times are written.
inline constexpr char kTimes[] = "TIME is written 500ms, 60s, 2m, 1h or none.\n";

}  // namespace hotline::cli
