#pragma once

#include "hotline/engine/file_status.h"
#include "hotline/services/file_meta.h"
#include "services/quota_account.h"

// What the file system says of a file, in the terms of docs/wire/files.md. No I/O.

namespace hotline::services {

/// Returns the XXH3-128 of inode, size and the times of the last change and of birth: a published
/// file is a new inode, so each publication has a version of its own.
FileVersion version_of(const FileStatus& status);

/// A file is executable if its owner may execute it.
FileMeta meta_of(const FileStatus& status);

/// Returns what it takes of a quota. Holes count in full.
FileUsage usage_of(const FileStatus& status);

/// Returns the mode of a file or directory that the service makes: only its owner has access.
unsigned file_mode(bool is_executable);
inline constexpr unsigned kDirectoryMode = 0700;

}  // namespace hotline::services
