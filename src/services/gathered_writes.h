#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/disk_file.h"

namespace hotline::services {

/// Gathers the pieces of a file that is written from front to back: each call of the disk costs
/// more than copying a piece. One fiber at a time; the calls suspend it.
class GatheredWrites {
 public:
  /// How much one call writes.
  static constexpr std::size_t kBytesMax = 256U << 10;

  /// Takes the memory for `size` more bytes, at most kBytesMax. Throws std::bad_alloc.
  void reserve(std::uint64_t size);

  /// Adds bytes that belong at `offset`. Writes what it has when that is kBytesMax, and first if
  /// these bytes do not follow. Fails as DiskFile::write_at() does; then it still has what was not
  /// written, and perhaps a part of `bytes`. Throws std::bad_alloc.
  Result<void> append(DiskFile& file, std::uint64_t offset, Bytes bytes);

  /// Writes what it has, and is empty then. After a failure it still has all.
  Result<void> flush(DiskFile& file);

  /// Forgets what it has, and keeps no memory.
  void drop();

  bool is_empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

  /// Returns where in the file what it has begins and ends: after append() the end of the bytes, or
  /// if that has failed, of what it took of them.
  std::uint64_t begin() const { return offset_; }
  std::uint64_t end() const { return offset_ + bytes_.size(); }

 private:
  std::uint64_t offset_ = 0;  ///< Where the bytes belong.
  std::vector<std::byte> bytes_{};
};

}  // namespace hotline::services
