#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/disk_file.h"
#include "hotline/engine/file_status.h"
#include "hotline/services/file_content.h"

namespace hotline::services {

/// The content of an open file, piece by piece: its bytes, and its holes. One fiber at a time.
class DiskSource {
 public:
  /// `status` is that of `file`, which must outlive it.
  DiskSource(DiskFile& file, const FileStatus& status) : file_(file), status_(status) {}

  /// Returns what follows at `offset`; at the end only if the file has not changed. Fails as
  /// DiskFile, and with changed_error().
  Result<ContentPiece> next(std::uint64_t offset);

  /// Returns the hashes of whole blocks. Fails as next().
  Result<std::vector<BlockHash>> hash_blocks(std::uint64_t first, std::size_t count);

  /// Returns all of it, for a small file. Fails as next().
  Result<std::string> read_all();

  /// Fails with changed_error() if the file is not as it was at the beginning.
  Result<void> check_unchanged();

  /// Returns true if check_unchanged() has failed because the file has changed.
  bool has_changed() const { return has_changed_; }

 private:
  Result<ContentPiece> read(std::uint64_t offset, std::uint64_t end);
  Result<void> find_data(std::uint64_t offset);

  DiskFile& file_;
  FileStatus status_;
  std::unique_ptr<std::byte[]> buffer_{};
  FileExtent data_{};  ///< The last part of the file that was found to have bytes.
  bool has_changed_ = false;
};

}  // namespace hotline::services
