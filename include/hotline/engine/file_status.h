#pragma once

#include <chrono>
#include <cstdint>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// A time that a file system keeps.
using DiskTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What a name in a directory is.
enum class EntryKind : std::uint8_t {
  file,  ///< A regular file.
  directory,
  link,   ///< A symbolic link.
  other,  ///< A device, a pipe or a socket.
};

/// What statx(2) says about a file or directory. `device` and `inode` together identify it. A
/// value.
struct FileStatus {
  EntryKind kind = EntryKind::other;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;   ///< In bytes, holes included.
  std::uint64_t links = 0;  ///< How many names it has.
  std::uint32_t mode = 0;   ///< The permission bits, 07777.
  std::uint32_t owner = 0;
  DiskTime modified{};  ///< When its content changed, or what was set: mtime.
  DiskTime changed{};   ///< When its content or its status changed: ctime.
  DiskTime born{};      ///< When it was made; 1970 if the file system does not keep that.

  bool operator==(const FileStatus&) const = default;
};

/// The room of a file system: statvfs(3).
struct FileSpace {
  std::uint64_t bytes = 0;
  std::uint64_t bytes_available = 0;  ///< For this user.
  std::uint64_t entries = 0;          ///< Files and directories; 0 if there is no limit.
  std::uint64_t entries_available = 0;
};

/// A part of a file.
struct FileExtent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  bool operator==(const FileExtent&) const = default;
};

}  // namespace hotline
