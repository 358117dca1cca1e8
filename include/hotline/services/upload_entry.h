#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "hotline/core/public.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"

namespace hotline HOTLINE_PUBLIC {

/// What a client chooses for an upload so that the server knows it again. Zeros: none.
using UploadKey = std::array<std::byte, 16>;

/// The size of an upload that its client does not know yet.
inline constexpr std::uint64_t kFileSizeUnknown = std::numeric_limits<std::uint64_t>::max();

/// An unfinished upload.
struct UploadEntry {
  UploadKey key{};  ///< Not zeros.
  FilePath path{};
  std::uint64_t size = kFileSizeUnknown;  ///< Otherwise at most kFileSizeMax.
  std::uint64_t kept = 0;                 ///< How many bytes of it are kept.
  FileTime last_byte{};                   ///< When the last byte of it arrived.

  bool operator==(const UploadEntry&) const = default;
};

}  // namespace hotline
