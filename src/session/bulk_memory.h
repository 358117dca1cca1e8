#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "hotline/core/bytes.h"

namespace hotline::session {

/// A part of the memory that a session has received into. Readers keep it instead of a copy.
using SharedMemory = std::shared_ptr<std::byte[]>;

/// The memory into which a session receives while much arrives. It is used again, and stays in the
/// processor's caches, as soon as no reader keeps a part of it. The mutex of the session is held
/// around every call, and whenever a SharedMemory is copied or dropped. Throws std::bad_alloc.
class BulkMemory {
 public:
  static constexpr std::size_t kChunkBytes = 128 * 1024;

  /// A reader that keeps a smaller part copies it, so that at most 4 times the memory of the bytes
  /// is kept.
  static constexpr std::size_t kSharedBytesMin = kChunkBytes / 4;

  /// Returns memory for the next bytes, at least half of kChunkBytes.
  MutableBytes room();

  /// Notes that the first `size` bytes of room() were received.
  void note_filled(std::size_t size) { filled_ += size; }

  /// Returns the memory that `bytes` are a part of; null if they are not of the last room(), or too
  /// few to share it.
  SharedMemory memory_of(Bytes bytes) const;

  /// Gives up the memory that no reader keeps.
  void drop();

 private:
  void take_chunk();

  std::vector<SharedMemory> spare_;  ///< Some of them are still kept by readers.
  SharedMemory chunk_;               ///< What room() is a part of.
  std::size_t filled_ = 0;           ///< How much of chunk_ has been received.
};

}  // namespace hotline::session
