#pragma once

#include "hotline/services/file_account.h"
#include "services/file_payload.h"

// QUOTA of docs/wire/files.md. No I/O.

namespace hotline::services {

void put_value(FilePayloadWriter& writer, const FileQuota& quota);
void take_value(FilePayloadReader& reader, FileQuota& quota);

}  // namespace hotline::services
