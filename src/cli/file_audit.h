#pragma once

#include <string>

#include "hotline/services/files.h"

namespace hotline::cli {

/// Returns the line of a change for the audit of the service `files`: an object, without a newline.
std::string file_audit_line(const FileRecord& record);

}  // namespace hotline::cli
