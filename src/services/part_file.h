#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/disk_file.h"
#include "hotline/services/file_digest.h"
#include "hotline/services/file_meta.h"
#include "services/gathered_writes.h"

namespace hotline::services {

/// Succeeds if a file may get that name now: if nothing has it, or, with Existing::replace, if a
/// regular file has it. Fails with EEXIST.
Result<void> check_free(const Directory& directory, std::string_view name,
                        Directory::Existing existing);

/// A file that arrives, under a name that shows that it is not whole. One fiber at a time. Move
/// only.
class PartFile {
 public:
  /// Makes a new one for the file `name`. `directory` must outlive it. Leaves none if it throws
  /// std::bad_alloc.
  static Result<PartFile> make(const Directory& directory, std::string_view name);

  /// Opens one that was made earlier. Fails as Directory::open_for_writing(), and with EMLINK if
  /// the file has another name too: it is not known to be only a part then.
  static Result<PartFile> open(const Directory& directory, std::string part_name);

  /// Reserves the storage for `size` bytes in all. Fails only if the disk lacks it.
  Result<void> reserve(std::uint64_t size);

  /// Appends bytes. They are written when enough have come together. After a failure size() counts
  /// what it has taken of them.
  Result<void> append(Bytes bytes);

  /// Appends zeros without writing them.
  Result<void> append_hole(std::uint64_t length);

  /// Returns how many bytes were appended.
  std::uint64_t size() const { return size_; }

  /// Returns the hashes of whole blocks, of fewer if the file ends before that. Not of what was
  /// appended to this object. Another fiber or thread may append at the same time.
  Result<std::vector<BlockHash>> hash_blocks(std::uint64_t first, std::size_t count);

  /// Drops everything from `size` on.
  Result<void> cut(std::uint64_t size);

  enum class Durability : std::uint8_t { full, none };

  /// Gives the file its name. Fails as check_free(), which looks immediately before: what another
  /// program puts there between the look and the rename(2) is replaced, unless it is a directory.
  /// Nothing else may be called after that has succeeded.
  Result<void> publish(std::string_view name, const FileMeta& meta, Directory::Existing existing,
                       Durability durability);

  /// Makes the file `name` with that content, and publishes it. Leaves no part if that fails, or if
  /// it throws std::bad_alloc.
  static Result<void> write(const Directory& directory, std::string_view name, Bytes content,
                            const FileMeta& meta, Directory::Existing existing,
                            Durability durability);

  /// Removes it. Failures are ignored.
  void remove() noexcept;

  const std::string& name() const { return name_; }

 private:
  PartFile(const Directory& directory, std::string name, DiskFile file);

  Result<void> flush();
  void note_written();
  Result<void> set_size();
  Result<void> finish(const FileMeta& meta, Durability durability);

  const Directory* directory_;
  std::string name_;
  DiskFile file_;
  std::uint64_t size_ = 0;     ///< The size that it is to have.
  std::uint64_t written_ = 0;  ///< The size that the file has.
  std::uint64_t begun_ = 0;    ///< Up to here the disk was asked to write.
  GatheredWrites unwritten_{};
};

}  // namespace hotline::services
