#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hotline/core/public.h"
#include "hotline/services/file_digest.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"
#include "hotline/services/upload_entry.h"

// What a client can ask a server of files for: docs/wire/files.md. Each is a value. Where one has a
// `version` that is not none, it fails with FileErrorCode::changed unless the file has that
// version.

namespace hotline HOTLINE_PUBLIC {

/// The most content of a PutSmallFile.
inline constexpr std::size_t kSmallFileMax = 60U << 10;

/// What happens to a file that has the name already.
enum class OnExist : std::uint8_t {
  fail,        ///< It stays, and the request fails.
  replace,     ///< It is replaced.
  replace_if,  ///< It is replaced if it has an expected version.
};

/// What happens to a file that has the name already, and which version of it is expected.
struct FileReplacement {
  OnExist on_exist = OnExist::fail;
  FileVersion version{};  ///< With `replace_if`, and not none then.

  bool operator==(const FileReplacement&) const = default;
};

/// What happens if directories are missing on the way to a name.
enum class MissingParents : std::uint8_t { fail, make };

/// How much of a directory a request is about: itself, or also all that it contains.
enum class FileDepth : std::uint8_t { single, tree };

/// Lists a directory.
struct ListDirectory {
  enum class Detail : std::uint8_t { meta, names };

  FilePath path{};
  FileDepth depth = FileDepth::single;
  Detail detail = Detail::meta;
  std::uint64_t cursor = 0;       ///< That of a PAGE, to go on after it. 0 for a tree.
  std::uint16_t entries_max = 0;  ///< The most of one PAGE. 0: what fits.

  bool operator==(const ListDirectory&) const = default;
};

/// Describes what has a name.
struct StatFile {
  FilePath path{};
  bool wants_root = false;
  FileDigestKind digest = FileDigestKind::none;

  bool operator==(const StatFile&) const = default;
};

/// Gets the content of a file, or a part of it.
struct GetFile {
  FilePath path{};
  std::uint64_t offset = 0;                      ///< Where a block begins.
  std::uint64_t length = 0;                      ///< 0: to the end.
  FileVersion version{};                         ///< The expected one.
  FileDigestKind digest = FileDigestKind::none;  ///< Only for the whole content.

  bool operator==(const GetFile&) const = default;
};

/// Stores a file whose content follows.
struct PutFile {
  FilePath path{};
  MissingParents parents = MissingParents::fail;
  bool is_executable = false;
  std::uint64_t size = kFileSizeUnknown;  ///< Otherwise at most kFileSizeMax.
  FileTime modified{};
  FileReplacement replacement{};
  UploadKey key{};  ///< Zeros: it cannot be resumed.
  FileDigestKind digest = FileDigestKind::none;

  bool operator==(const PutFile&) const = default;
};

/// A PutFile with its content.
struct PutSmallFile {
  FilePath path{};
  MissingParents parents = MissingParents::fail;
  bool is_executable = false;
  FileTime modified{};
  FileReplacement replacement{};
  UploadKey key{};
  BlockHash root{};       ///< FileClient computes it.
  std::string content{};  ///< At most kSmallFileMax.

  bool operator==(const PutSmallFile&) const = default;
};

/// Makes a directory. With MissingParents::make it may exist already.
struct MakeDirectory {
  FilePath path{};
  MissingParents parents = MissingParents::fail;

  bool operator==(const MakeDirectory&) const = default;
};

/// Removes a file, a link or a directory, which must be empty unless FileDepth is `tree`.
struct RemoveFile {
  FilePath path{};
  FileDepth depth = FileDepth::single;
  FileVersion version{};

  bool operator==(const RemoveFile&) const = default;
};

/// Gives a file or directory another name.
struct MoveFile {
  FilePath path{};
  FilePath target{};
  MissingParents parents = MissingParents::fail;
  FileReplacement replacement{};

  bool operator==(const MoveFile&) const = default;
};

/// Copies a file; with FileDepth::tree a directory.
struct CopyFile {
  FilePath path{};
  FilePath target{};
  MissingParents parents = MissingParents::fail;
  FileDepth depth = FileDepth::single;
  FileReplacement replacement{};

  bool operator==(const CopyFile&) const = default;
};

/// Changes what is kept of a file besides its content: what is absent stays as it is.
struct SetFileMeta {
  FilePath path{};
  std::optional<FileTime> modified{};
  std::optional<bool> is_executable{};
  FileVersion version{};

  bool operator==(const SetFileMeta&) const = default;
};

/// Asks for the hashes of blocks of a file.
struct GetHashes {
  FilePath path{};
  FileVersion version{};
  std::uint64_t first = 0;
  std::uint16_t count = 1;  ///< At most kBlockHashesMax.

  bool operator==(const GetHashes&) const = default;
};

/// Asks what the caller may do, and what is used, in the home or in the share that `path` leads to.
struct GetQuota {
  FilePath path{};  ///< Servers of an earlier version know the home only, which is the empty path.

  bool operator==(const GetQuota&) const = default;
};

/// Asks for the unfinished uploads of the caller.
struct ListUploads {
  bool operator==(const ListUploads&) const = default;
};

/// Drops an unfinished upload.
struct DropUpload {
  UploadKey key{};  ///< Not zeros.

  bool operator==(const DropUpload&) const = default;
};

}  // namespace hotline
