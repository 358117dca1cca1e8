#pragma once

#include <string>
#include <vector>

#include "cli/json_line.h"
#include "cli/option_row.h"

namespace hotline::cli {

/// What every command takes.
struct CommonOptions {
  OutputForm output = OutputForm::text;
  std::string home = {};  ///< Empty: the XDG directories.
};

/// The options that stand before a command and after every one.
std::vector<OptionRow> common_rows();

/// The options that stand before a command.
std::vector<OptionRow> program_rows();

/// Returns `own`, and after them the common options. A common option that `own` has too is
/// described there. `--home` is listed only where it is in `own`: other commands accept it and have
/// no files.
std::vector<OptionRow> with_common_rows(std::vector<OptionRow> own);

}  // namespace hotline::cli
