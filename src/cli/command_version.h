#pragma once

#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline version`.
Subcommand version_subcommand();

/// Prints the version, for `hotline --version` too.
ExitStatus print_version(const Arguments& given, const CommonOptions& common);

}  // namespace hotline::cli
