#pragma once

#include <cstdint>
#include <vector>

#include "hotline/services/file_entry.h"
#include "services/file_payload.h"
#include "services/file_request.h"

// PAGE of docs/wire/files.md. No I/O.

namespace hotline::services {

/// A part of a listed directory.
struct FilePage {
  FileDepth depth = FileDepth::single;
  ListDirectory::Detail detail = ListDirectory::Detail::meta;
  bool is_last = false;
  std::uint64_t cursor = 0;  ///< Where a later LIST goes on. 0 in the last one, and in a tree.
  std::vector<FileEntry> entries{};

  bool operator==(const FilePage&) const = default;
};

/// The whole must not be over kFileMessageMax.
void put_value(FilePayloadWriter& writer, const FilePage& page);
void take_value(FilePayloadReader& reader, FilePage& page);

}  // namespace hotline::services
