#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/file_status.h"

namespace hotline HOTLINE_PUBLIC {

/// A name in a directory.
struct DirectoryEntry {
  std::string name;  ///< Any bytes except '/' and NUL.
  EntryKind kind = EntryKind::other;
  std::optional<FileStatus> status;  ///< Absent if it was not asked for, or could not be read.
};

/// What a DirectoryReader returns.
struct EntriesOptions {
  /// `names` leaves the status out, which takes most of the time.
  enum class Detail : bool { names, status };

  Detail detail = Detail::status;
  std::uint64_t from = 0;  ///< The position() of an earlier reader of the directory. 0: all names.
};

/// Reads the names in a directory, in the order of the file system, a part at a time. Names that
/// are made or removed during that time may or may not be among them; every other name is returned
/// exactly once. Calls suspend the fiber: see DiskFile. Move only. One fiber at a time.
class DirectoryReader {
 public:
  DirectoryReader(DirectoryReader&&) noexcept;
  DirectoryReader& operator=(DirectoryReader&&) noexcept;
  ~DirectoryReader();

  /// Returns the next `max` names, without `.` and `..`; fewer if there are no more, or before a
  /// failure, which the next call returns. getdents64(2), statx(2).
  Result<std::vector<DirectoryEntry>> next(std::size_t max);

  /// Returns the position after the names that next() has returned: a new reader of the same
  /// directory can begin there (EntriesOptions::from), also in another process.
  std::uint64_t position() const;

 private:
  friend class Directory;
  struct State;

  explicit DirectoryReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
