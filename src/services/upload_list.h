#pragma once

#include <cstdint>
#include <vector>

#include "services/file_payload.h"

// UPLOADS of docs/wire/files.md. No I/O.

namespace hotline::services {

/// An unfinished upload.
struct UploadEntry {
  UploadKey key{};  ///< Not zeros.
  FilePath path{};
  std::uint64_t size = kFileSizeUnknown;  ///< Otherwise at most kFileSizeMax.
  std::uint64_t kept = 0;                 ///< How many bytes of it are kept.
  FileTime last_byte{};                   ///< When the last byte of it arrived.

  bool operator==(const UploadEntry&) const = default;
};

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
