#pragma once

#include <cstdint>
#include <vector>

#include "services/file_payload.h"
#include "services/file_request.h"

// PAGE of docs/wire/files.md. No I/O.

namespace hotline::services {

/// One entry of a listed directory.
struct FileEntry {
  FilePath path{};  ///< Relative to the listed directory; one component unless a tree is listed.
  FileMeta meta{};  ///< With Detail::names only its kind.

  bool operator==(const FileEntry&) const = default;
};

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
