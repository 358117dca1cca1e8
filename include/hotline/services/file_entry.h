#pragma once

#include "hotline/core/public.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"

namespace hotline HOTLINE_PUBLIC {

/// One entry of a listed directory.
struct FileEntry {
  FilePath path{};  ///< Relative to the listed directory; one component unless a tree is listed.
  FileMeta meta{};  ///< With Detail::names only its kind.

  bool operator==(const FileEntry&) const = default;
};

}  // namespace hotline
