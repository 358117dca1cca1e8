#pragma once

#include <string>

#include "cli/arguments.h"
#include "cli/common_options.h"
#include "cli/file_command.h"
#include "cli/subcommand.h"
#include "hotline/core/result.h"
#include "hotline/services/file_user_list.h"

namespace hotline::cli {

struct FilesAction;

/// What a command line of `hotline files user` asks for.
struct FilesCommand {
  const FilesAction* action = nullptr;  ///< Static.
  std::string root{};
  std::string user{};
  FileUserList::Change change{};
};

/// Fails with `invalid_argument`, with a hint.
Result<FilesCommand> read_files(const Arguments& given);

/// Understands `hotline files ENDPOINT`. Fails with a usage_error().
Result<FileCommandOptions> read_prompt(const Arguments& given);

/// `hotline files`.
Subcommand files_subcommand();

}  // namespace hotline::cli
