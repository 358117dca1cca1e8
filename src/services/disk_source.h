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
  /// If the size in a status is that of the content. In /proc it is 0, whatever the content is.
  enum class Size : bool { known, unknown };

  /// Returns `unknown` if the size is 0 and there are bytes. Fails as DiskFile::read_at().
  static Result<Size> find_size(DiskFile& file, const FileStatus& status);

  /// `status` is that of `file`, which must outlive it.
  DiskSource(DiskFile& file, const FileStatus& status, Size size = Size::known)
      : file_(file), status_(status), size_(size) {}

  /// Returns what follows at `offset`; at the end only if the file has not changed, and has no more
  /// bytes than its size says. Fails as DiskFile, and with changed_error().
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
  Result<void> check_end();
  Result<void> check_no_more(std::size_t count);

  DiskFile& file_;
  FileStatus status_;
  Size size_;
  std::unique_ptr<std::byte[]> buffer_{};
  FileExtent data_{};  ///< The last part of the file that was found to have bytes.
  bool has_changed_ = false;
};

}  // namespace hotline::services
