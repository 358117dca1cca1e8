#pragma once

#include <cstdint>
#include <span>

#include "hotline/engine/disk_file.h"
#include "hotline/services/file_digest.h"
#include "services/block_hash.h"
#include "services/file_outcome.h"

namespace hotline::services {

/// Reads the first blocks of a file, whose hashes should be `blocks`, and returns how many there
/// are before the first one that has another hash. Suspends the fiber.
FileOutcome<std::uint64_t> count_unchanged_blocks(DiskFile& file,
                                                  std::span<const BlockHash> blocks);

/// Returns the digest of `size` bytes of a file; what it lacks are zeros. Suspends the fiber.
FileOutcome<FileDigest> digest_of_stored(DiskFile& file, FileDigestKind kind, std::uint64_t size);

}  // namespace hotline::services
