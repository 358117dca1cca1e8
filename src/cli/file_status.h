#pragma once

#include "cli/exit_status.h"
#include "hotline/services/file_failure.h"

namespace hotline::cli {

/// Returns the exit status of a command of files that has failed. `has_connected`: there was a
/// connection that the server took.
ExitStatus status_of_file_failure(const FileFailure& failure, bool has_connected);

/// Returns true if nothing else that is asked of the server can succeed now either: there is no
/// connection, and none can be made.
bool is_server_lost(const FileFailure& failure, bool has_connected);

}  // namespace hotline::cli
