#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "hotline/core/public.h"

// What the file service keeps of a file besides its content: docs/wire/files.md.

namespace hotline HOTLINE_PUBLIC {

/// What a name in a home stands for. The service reads and makes files and directories only.
enum class FileKind : std::uint8_t {
  file,
  directory,
  link,   ///< A symbolic link, which the service does not follow.
  other,  ///< A device, FIFO or socket.
};

/// Returns its name, such as `directory`.
std::string_view name_of(FileKind kind);

/// The largest size of a file.
inline constexpr std::uint64_t kFileSizeMax = std::numeric_limits<std::int64_t>::max();

/// A token of the server for one version of a file: it changes whenever the file does. All zeros
/// stand for none.
struct FileVersion {
  static constexpr std::size_t kBytes = 16;

  std::array<std::byte, kBytes> bytes{};

  bool is_none() const { return *this == FileVersion(); }

  bool operator==(const FileVersion&) const = default;
};

/// A time of the file system: nanoseconds since 1970, from 1677 to 2262.
using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What the service keeps of a file besides its content. Owner, group, further permissions, access
/// control lists, extended attributes and links are not kept.
struct FileMeta {
  FileKind kind = FileKind::file;
  bool is_executable = false;
  std::uint64_t size = 0;  ///< Only a file has one. At most kFileSizeMax.
  FileTime modified{};
  FileVersion version{};

  bool operator==(const FileMeta&) const = default;
};

}  // namespace hotline
