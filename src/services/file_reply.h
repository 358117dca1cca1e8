#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>

#include "hotline/core/bytes.h"
#include "hotline/services/file_error.h"
#include "hotline/services/file_meta.h"
#include "services/block_list.h"
#include "services/file_page.h"
#include "services/file_payload.h"
#include "services/file_protocol.h"
#include "services/file_quota.h"
#include "services/upload_list.h"

// The messages of docs/wire/files.md: those of a server, and HASHES of a client. No I/O.

namespace hotline::services {

/// META: what a file is. Before content, of the version that is sent.
struct MetaReply {
  FileMeta meta{};
  std::optional<BlockHash> root{};
  FileDigest digest{};

  bool operator==(const MetaReply&) const = default;
};

/// FILE: a whole small file.
struct SmallFileReply {
  FileMeta meta{};
  BlockHash root{};
  FileDigest digest{};
  std::string content{};  ///< At most kSmallFileMax; as many as meta.size says.

  bool operator==(const SmallFileReply&) const = default;
};

/// KEPT: where an upload goes on.
struct KeptReply {
  std::uint64_t offset = 0;  ///< Where a block begins.
  BlockHash root{};          ///< The root of what is kept before it.

  bool operator==(const KeptReply&) const = default;
};

/// DONE: what was asked for is done.
struct DoneReply {
  FileVersion version{};

  bool operator==(const DoneReply&) const = default;
};

using FileReply = std::variant<MetaReply, SmallFileReply, FilePage, KeptReply, BlockList, DoneReply,
                               FileError, FileQuota, UploadList>;

FileMessageType type_of(const FileReply& reply);

/// Returns the payload. The text of a FileError is cut to FileError::kTextMax.
std::string encode_file_reply(const FileReply& reply);

/// Returns the message of a server, or why it is refused. `type` and `flags` are those of the
/// session's event.
std::expected<FileReply, FileFault> decode_file_reply(std::uint8_t type, std::uint8_t flags,
                                                      Bytes payload);

/// Returns the payload of HASHES.
std::string encode_hashes(const BlockRange& range);

/// Returns the message of a client, or why it is refused.
std::expected<BlockRange, FileFault> decode_hashes(std::uint8_t type, std::uint8_t flags,
                                                   Bytes payload);

}  // namespace hotline::services
