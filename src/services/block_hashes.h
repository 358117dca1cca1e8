#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hotline/core/bytes.h"
#include "services/block_hash.h"
#include "services/file_protocol.h"

namespace hotline::services {

/// The hashes of the blocks of a file, and its root, while its content passes by once, from the
/// first byte or from any block on:
///
///     BlockHashes hashes(kept);                       // of the blocks that are not sent again
///     while (...) { hashes.add(piece); ... hashes.ready() ... }
///     root = hashes.finish();                         // and the last of hashes.ready()
///
/// It keeps the hashes that were not dropped yet, and nothing else that grows with the file. Move
/// only. Throws std::bad_alloc.
class BlockHashes {
 public:
  BlockHashes() = default;

  /// Begins after whole blocks with the hashes `before`.
  explicit BlockHashes(std::span<const BlockHash> before);

  /// Begins at the block `first`, without the hashes of those before: the root means nothing then.
  static BlockHashes from_block(std::uint64_t first);

  /// Adds the next bytes of the content. Not after finish().
  void add(Bytes bytes);

  /// Adds as many zeros. Takes 16 bytes and some 10 ns for each whole block of them.
  void add_zeros(std::uint64_t count);

  /// Ends the last block, if that is not whole, and returns the root of all blocks. Once, at the
  /// end.
  BlockHash finish();

  /// Returns the size of the content so far, with the blocks before.
  std::uint64_t size() const { return size_; }

  /// Returns true if the last block has begun and is not whole.
  bool is_within_block() const { return in_block() != 0; }

  /// Returns the number of the first block of ready().
  std::uint64_t first_ready() const { return first_ready_; }

  /// Returns the hashes of the blocks that have ended and were not dropped. Valid until the next
  /// change.
  std::span<const BlockHash> ready() const { return ready_; }

  /// Drops the first `count` of ready().
  void drop_ready(std::size_t count);

 private:
  std::size_t in_block() const { return static_cast<std::size_t>(size_ % kFileBlockBytes); }
  void end_block(BlockHash hash);

  std::uint64_t size_ = 0;
  std::uint64_t first_ready_ = 0;
  std::vector<BlockHash> ready_{};
  BlockHasher block_{};
  BlockHasher blocks_{};  ///< Hashes the hashes of all blocks.
};

/// Returns the root of a file of `size` bytes whose blocks have these hashes.
BlockHash root_of(std::span<const BlockHash> blocks, std::uint64_t size);

/// Returns the root of a file that is in memory.
BlockHash root_of(Bytes content);

/// Returns how many blocks a file of `size` bytes has.
constexpr std::uint64_t block_count(std::uint64_t size) {
  return size / kFileBlockBytes + (size % kFileBlockBytes == 0 ? 0 : 1);
}

}  // namespace hotline::services
