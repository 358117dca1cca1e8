#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline files uploads`.
struct UploadsOptions {
  FileCommandOptions common = {};
  std::vector<std::string> drops = {};  ///< Paths or keys.
  bool drops_all = false;
};

/// Returns true for what can be the key of an upload: it is taken for that, not for a path.
bool is_upload_key(std::string_view word);

/// Understands the arguments of `hotline files uploads` after these words. Fails with a
/// usage_error().
Result<UploadsOptions> read_uploads(const Arguments& given);

/// `uploads` of the prompt, and of `hotline files`.
Subcommand uploads_subcommand();

}  // namespace hotline::cli
