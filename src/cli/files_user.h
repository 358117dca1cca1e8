#pragma once

#include <span>

#include "cli/files_action.h"

namespace hotline::cli {

/// Returns the actions of `hotline files user`.
std::span<const FilesAction> files_user_actions();

/// Prints what the files of a user or share take, or reports why they were not counted.
ExitStatus print_usage(const FilesCommand& command, const Result<FileUserList::Usage>& usage,
                       OutputForm form);

}  // namespace hotline::cli
