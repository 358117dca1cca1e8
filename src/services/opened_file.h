#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hotline/core/bytes.h"
#include "hotline/engine/disk_file.h"
#include "hotline/services/file_meta.h"
#include "services/block_list.h"
#include "services/file_outcome.h"
#include "services/file_payload.h"
#include "services/file_tree.h"

namespace hotline::services {

/// The content of one version of a file: what is published later under its name does not change it.
/// One fiber at a time. The calls suspend the fiber. Move only.
class OpenedFile {
 public:
  /// `status` is that of `file` before anything is read; `may_read` is for check_reading().
  OpenedFile(
      DiskFile file, const FileStatus& status,
      RightCheck may_read = [] { return FileOutcome<void>(); });

  /// Fails with `not_permitted` if the user may not read it any more. Never waits.
  FileOutcome<void> check_reading() const { return may_read_(); }

  const FileMeta& meta() const { return meta_; }

  /// Reads at `offset` until `room` is full or the version ends, and returns how many bytes it has
  /// read. Fails with `changed` if the file has become shorter.
  FileOutcome<std::size_t> read(std::uint64_t offset, MutableBytes room);

  /// Returns where the next bytes are that are not a hole, from `offset` on; meta().size at the
  /// end.
  FileOutcome<std::uint64_t> next_data(std::uint64_t offset);

  /// Fails with `changed` if this is not the version that was opened. What was read may be believed
  /// only if this succeeds afterwards.
  FileOutcome<void> check_unchanged();

  struct Sums {
    BlockHash root{};
    FileDigest digest{};
  };

  /// Reads the whole file. Fails with `changed` too.
  FileOutcome<Sums> sums(FileDigestKind kind);

  /// Returns the hashes of as many blocks of `range` as there are. Fails with `changed` too.
  FileOutcome<BlockList> hashes(const BlockRange& range);

  /// For copies.
  DiskFile& file() { return file_; }

 private:
  FileOutcome<void> add_hashes(BlockList& list, std::uint64_t count);

  DiskFile file_;
  FileMeta meta_;
  RightCheck may_read_;
};

}  // namespace hotline::services
