#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/engine/file_status.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"
#include "services/block_hash.h"
#include "services/block_list.h"
#include "services/file_protocol.h"

// The state file of an upload: a header and records, each with a checksum. No I/O.

namespace hotline::services {

/// What an upload is known by.
struct UploadFacts {
  UploadKey key{};  ///< Not zeros.
  FilePath path{};
  std::uint64_t size = kFileSizeUnknown;

  bool operator==(const UploadFacts&) const = default;
};

/// How the file that an upload has become is known again.
struct PublishedFile {
  std::uint64_t inode = 0;
  FileTime born{};
  std::uint64_t size = 0;
  FileTime modified{};

  bool operator==(const PublishedFile&) const = default;
};

PublishedFile published_file_of(const FileStatus& status);

/// What a state file says.
struct UploadState {
  UploadFacts facts{};
  std::vector<BlockHash> blocks{};           ///< Those of whole blocks that are on the disk.
  std::optional<PublishedFile> published{};  ///< It was about to get its name.
  std::uint64_t valid_size = 0;              ///< Where the next record belongs.

  bool operator==(const UploadState&) const = default;
};

/// Returns what a state file begins with.
std::string encode_upload_facts(const UploadFacts& facts);

/// Returns a record: what is known from the block `blocks.first` on is dropped, then the hashes are
/// added.
std::string encode_upload_record(const BlockList& blocks);

std::string encode_upload_record(const PublishedFile& published);

/// Returns what a state file says up to the first record that is cut off or changed; nullopt if its
/// header is. Hashes beyond the size of the file are not believed.
std::optional<UploadState> decode_upload_state(Bytes bytes);

}  // namespace hotline::services
