#pragma once

#include <vector>

#include "hotline/services/upload_entry.h"
#include "services/file_payload.h"

// UPLOADS of docs/wire/files.md. No I/O.

namespace hotline::services {

/// A part of the unfinished uploads of a user.
struct UploadList {
  bool is_last = false;
  std::vector<UploadEntry> entries{};

  bool operator==(const UploadList&) const = default;
};

/// The whole must not be over kFileMessageMax.
void put_value(FilePayloadWriter& writer, const UploadList& list);
void take_value(FilePayloadReader& reader, UploadList& list);

}  // namespace hotline::services
