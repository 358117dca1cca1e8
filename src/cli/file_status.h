#pragma once

#include "cli/exit_status.h"
#include "hotline/services/file_failure.h"

namespace hotline::cli {

/// Returns the exit status of a command of files that has failed. `has_connected`: there was a
/// connection that the server took.
ExitStatus status_of_file_failure(const FileFailure& failure, bool has_connected);

}  // namespace hotline::cli
