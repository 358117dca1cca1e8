#pragma once

#include <string>
#include <vector>

#include "cli/json_line.h"
#include "cli/option_row.h"

namespace hotline::cli {

/// The options that every command takes.
struct CommonOptions {
  OutputForm output = OutputForm::text;
  std::string home = {};  ///< Empty: use the XDG directories.
};

/// The options that may precede a command or follow it.
std::vector<OptionRow> common_rows();

/// The options that precede a command.
std::vector<OptionRow> program_rows();

/// Returns `own` followed by the common options. A common option that `own` contains too is
/// described there. `--home` is listed only if `own` contains it: other commands accept it, but
/// have no files.
std::vector<OptionRow> with_common_rows(std::vector<OptionRow> own);

}  // namespace hotline::cli
