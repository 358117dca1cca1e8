#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// A quota without a maximum.
inline constexpr std::uint64_t kNoQuota = std::numeric_limits<std::uint64_t>::max();

/// What a user may do.
struct FileRights {
  bool can_read = false;
  bool can_write = false;
  bool can_overwrite = false;
  bool can_remove = false;

  bool operator==(const FileRights&) const = default;
};

/// What a user may do, and what the files of the user take.
struct FileQuota {
  using ServerId = std::array<std::byte, 16>;

  FileRights rights{};
  ServerId server{};
  std::uint64_t bytes_max = kNoQuota;
  std::uint64_t bytes_used = 0;
  std::uint64_t bytes_reserved = 0;  ///< By unfinished uploads, and what was just removed.
  std::uint64_t entries_max = kNoQuota;
  std::uint64_t entries_used = 0;

  bool operator==(const FileQuota&) const = default;
};

}  // namespace hotline
