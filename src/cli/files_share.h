#pragma once

#include <span>

#include "cli/files_action.h"

namespace hotline::cli {

/// Returns the actions of `hotline files share`.
std::span<const FilesAction> files_share_actions();

}  // namespace hotline::cli
