#pragma once

#include <optional>
#include <string>

#include "hotline/core/result.h"
#include "hotline/services/file_account.h"

// The id of a server of files, which stays the same as long as its root does: 16 bytes in
// ROOT/server. Clients bind what they keep of a transfer to it.

namespace hotline::services {

/// Returns the id in `root`; nullopt if there is none yet. Fails if it cannot be read.
Result<std::optional<FileQuota::ServerId>> read_server_id(const std::string& root);

/// Keeps an id in `root`, which has none. It survives a power cut.
Result<void> write_server_id(const std::string& root, const FileQuota::ServerId& id);

}  // namespace hotline::services
