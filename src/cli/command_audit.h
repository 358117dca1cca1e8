#pragma once

#include <string>

#include "hotline/services/remote_commands.h"

namespace hotline::cli {

/// Returns the line of a command for the audit of the service `command`: an object, without a
/// newline. It has only the beginning of a long program.
std::string audit_line(const CommandRecord& record);

}  // namespace hotline::cli
