#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/error.h"
#include "hotline/core/public.h"

// Why a server of files does not do what it was asked for: docs/wire/files.md.

namespace hotline HOTLINE_PUBLIC {

enum class FileErrorCode : std::uint16_t {
  not_found = 1,     ///< No such path, or one that the caller may not reach.
  exists,            ///< The name is in use, and was not to be replaced.
  not_a_file,        ///< It is a directory, link or something else.
  not_a_directory,   ///< It is a file or something else.
  not_empty,         ///< A directory that has entries was to be removed without them.
  not_permitted,     ///< The caller has no right to do this.
  bad_name,          ///< Nothing new may have that name.
  into_itself,       ///< It was to be moved or copied onto itself, or into itself.
  quota_bytes,       ///< FileError::detail: how many bytes are lacking.
  quota_entries,     ///< FileError::detail: how many entries are lacking.
  no_space,          ///< The disk is full.
  too_large,         ///< Over a limit of the server; FileError::detail is that limit.
  changed,           ///< It is not the expected version, or it changed while it was read.
  integrity,         ///< What has arrived, or what is on the disk, is not what was sent.
  storage,           ///< The disk failed.
  key_reused,        ///< The upload key belongs to another upload.
  taken_over,        ///< Another stream continues this upload.
  too_many_uploads,  ///< The caller has too many unfinished uploads.
  busy,              ///< A limit of what runs at once, or files that are being counted. Try again.
  stalled,           ///< The client sent nothing for too long.
  draining,          ///< The server ends. It may be tried again.
  unsupported,       ///< The server cannot do this.
};

/// Returns its name, such as `quota_bytes`; nullopt if there is no such code.
std::optional<std::string_view> name_of(FileErrorCode code);

/// What a server reports instead of a success.
struct FileError {
  static constexpr std::size_t kTextMax = 512;

  FileErrorCode code = FileErrorCode::unsupported;  ///< A later server may send one without a name.
  bool is_retryable = false;                        ///< The same request may succeed later.
  std::uint64_t detail = 0;                         ///< By the code; otherwise 0.
  std::uint64_t kept = 0;  ///< How many bytes of an unfinished upload are kept.
  std::string text{};      ///< For people. Untrusted.

  /// Returns it as an Error that names `endpoint`. `operation` is a literal, as in Error. The text
  /// is escaped.
  Error to_error(std::string_view operation, std::string endpoint) const;

  bool operator==(const FileError&) const = default;
};

}  // namespace hotline
