#include <string>
#include <vector>

#include "cli/command_line.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/standard_streams.h"

int main(int argument_count, char** arguments) {
  using hotline::cli::ExitStatus;
  hotline::reset_inherited_signals();
  // Without a descriptor for standard error, the failure cannot be reported.
  if (hotline::hold_standard_streams() != 0) return static_cast<int>(ExitStatus::failed);
  const std::vector<std::string> words(arguments + (argument_count > 0 ? 1 : 0),
                                       arguments + argument_count);
  return static_cast<int>(hotline::cli::run_command_line(words));
}
