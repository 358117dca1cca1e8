#pragma once

#include "cli/arguments.h"
#include "cli/file_command.h"
#include "cli/files_action.h"
#include "cli/subcommand.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Understands `hotline files user` and `hotline files share`. Fails with `invalid_argument`, with
/// a hint.
Result<FilesCommand> read_files(const Arguments& given);

/// Understands `hotline files ENDPOINT`. Fails with a usage_error().
Result<FileCommandOptions> read_prompt(const Arguments& given);

/// `hotline files`.
Subcommand files_subcommand();

}  // namespace hotline::cli
