#include <string>
#include <vector>

#include "cli/build_facts.h"
#include "cli/command_call.h"
#include "cli/command_doctor.h"
#include "cli/command_run.h"
#include "cli/command_serve.h"
#include "cli/command_services.h"
#include "cli/command_shell.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/report.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {
namespace {

/// Runs the command that was given.
class Program {
 public:
  explicit Program(const CommonOptions& common)
      : common_(common), registry_(make_service_registry()) {}

  ExitStatus operator()(const ServeOptions& options) const {
    return serve_command(options, common_, registry_);
  }
  ExitStatus operator()(const CallOptions& options) const { return call_command(options, common_); }
  ExitStatus operator()(const RunOptions& options) const { return run_command(options, common_); }
  ExitStatus operator()(const ShellOptions& options) const {
    return shell_command(options, common_);
  }
  ExitStatus operator()(const ServicesOptions&) const {
    return services_command(common_, registry_);
  }
  ExitStatus operator()(const DoctorOptions&) const { return doctor_command(common_); }

  ExitStatus operator()(const HelpOptions& options) const {
    const auto text = help_on(options.topic);
    if (!text) return report_error(text.error(), ExitStatus::usage, common_.output);
    return print_output(*text, ExitStatus::ok, common_.output);
  }

  ExitStatus operator()(const VersionOptions&) const {
    const std::string version(build_facts().version);
    const std::string line = common_.output == OutputForm::json
                                 ? JsonLine::versioned().add("version", version).text()
                                 : "hotline " + version;
    return print_output(line + '\n', ExitStatus::ok, common_.output);
  }

 private:
  const CommonOptions& common_;
  ServiceRegistry registry_;
};

int run(const std::vector<std::string>& words) {
  const CommandLine line = parse_command_line(words);
  const OutputForm form = line.common.output;
  const ExitStatus status = line.command
                                ? std::visit(Program(line.common), *line.command)
                                : report_error(line.command.error(), ExitStatus::usage, form);
  return static_cast<int>(status);
}

}  // namespace
}  // namespace hotline::cli

int main(int argument_count, char** arguments) {
  hotline::reset_inherited_signals();
  // Without a descriptor for standard error nobody can be told either.
  if (hotline::hold_standard_streams() != 0)
    return static_cast<int>(hotline::cli::ExitStatus::failed);
  return hotline::cli::run({arguments + (argument_count > 0 ? 1 : 0), arguments + argument_count});
}
