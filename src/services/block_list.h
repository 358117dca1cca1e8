#pragma once

#include <cstdint>
#include <vector>

#include "services/block_hash.h"
#include "services/file_payload.h"

// HASHES and BLOCKS of docs/wire/files.md. No I/O.

namespace hotline::services {

/// Blocks one after another: the message HASHES.
struct BlockRange {
  std::uint64_t first = 0;
  std::uint16_t count = 1;  ///< 1 to kBlockHashesMax.

  bool operator==(const BlockRange&) const = default;
};

void put_value(FilePayloadWriter& writer, const BlockRange& range);
void take_value(FilePayloadReader& reader, BlockRange& range);

/// The hashes of blocks one after another: the message and the record BLOCKS.
struct BlockList {
  std::uint64_t first = 0;
  std::vector<BlockHash> hashes{};  ///< At most kBlockHashesMax; in a record at least one.

  bool operator==(const BlockList&) const = default;
};

void put_value(FilePayloadWriter& writer, const BlockList& list);
void take_value(FilePayloadReader& reader, BlockList& list);

}  // namespace hotline::services
