#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>

#include "hotline/core/bytes.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"
#include "services/block_hash.h"
#include "services/file_payload.h"
#include "services/file_protocol.h"

// The requests of docs/wire/files.md: what OPEN carries. No I/O.

namespace hotline::services {

/// What happens if directories are missing on the way to a name.
enum class MissingParents : std::uint8_t { fail, make };

/// How much of a directory a request is about: itself, or also all that it contains.
enum class FileDepth : std::uint8_t { single, tree };

struct ListDirectory {
  enum class Detail : std::uint8_t { meta, names };

  FilePath path{};
  FileDepth depth = FileDepth::single;
  Detail detail = Detail::meta;
  std::uint64_t cursor = 0;       ///< That of a PAGE, to go on after it. 0 for a tree.
  std::uint16_t entries_max = 0;  ///< The most of one PAGE. 0: what fits.

  bool operator==(const ListDirectory&) const = default;
};

struct StatFile {
  FilePath path{};
  bool wants_root = false;
  FileDigestKind digest = FileDigestKind::none;

  bool operator==(const StatFile&) const = default;
};

struct GetFile {
  FilePath path{};
  std::uint64_t offset = 0;                      ///< Where a block begins.
  std::uint64_t length = 0;                      ///< 0: to the end.
  FileVersion version{};                         ///< The expected one.
  FileDigestKind digest = FileDigestKind::none;  ///< Only for the whole content.

  bool operator==(const GetFile&) const = default;
};

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
  BlockHash root{};
  std::string content{};  ///< At most kSmallFileMax.

  bool operator==(const PutSmallFile&) const = default;
};

struct MakeDirectory {
  FilePath path{};
  MissingParents parents = MissingParents::fail;

  bool operator==(const MakeDirectory&) const = default;
};

struct RemoveFile {
  FilePath path{};
  FileDepth depth = FileDepth::single;
  FileVersion version{};

  bool operator==(const RemoveFile&) const = default;
};

struct MoveFile {
  FilePath path{};
  FilePath target{};
  MissingParents parents = MissingParents::fail;
  FileReplacement replacement{};

  bool operator==(const MoveFile&) const = default;
};

struct CopyFile {
  FilePath path{};
  FilePath target{};
  MissingParents parents = MissingParents::fail;
  FileDepth depth = FileDepth::single;
  FileReplacement replacement{};

  bool operator==(const CopyFile&) const = default;
};

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

struct GetQuota {
  bool operator==(const GetQuota&) const = default;
};

struct ListUploads {
  bool operator==(const ListUploads&) const = default;
};

struct DropUpload {
  UploadKey key{};  ///< Not zeros.

  bool operator==(const DropUpload&) const = default;
};

/// In the order of FileRequestKind.
using FileRequest =
    std::variant<ListDirectory, StatFile, GetFile, PutFile, PutSmallFile, MakeDirectory, RemoveFile,
                 MoveFile, CopyFile, SetFileMeta, GetHashes, GetQuota, ListUploads, DropUpload>;

FileRequestKind kind_of(const FileRequest& request);

/// Returns the bytes for OPEN.
std::string encode_file_request(const FileRequest& request);

/// Returns the request, or why it is refused. `flows` are those with which the stream was opened.
std::expected<FileRequest, FileFault> decode_file_request(Bytes bytes, SessionFlows flows);

}  // namespace hotline::services
