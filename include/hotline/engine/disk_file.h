#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/file_status.h"

namespace hotline::engine {
struct OpenFile;
}

namespace hotline HOTLINE_PUBLIC {

/// An open regular file. A Directory opens it. Move only; an object from which was moved can only
/// be assigned to and destroyed.
///
/// Calls suspend the fiber while a thread of the loop (LoopOptions::files) performs them. Reads of
/// what is in memory, and status(), are performed at once. On a thread without a loop, calls block
/// it. In a simulated world the file is in the memory of the world.
///
/// A call that has begun is always waited for, because a thread uses the memory of the caller and
/// its result must not be lost. So a deadline that passes, or a cancel, ends a call only before a
/// thread has begun it: it then has no effect, and fails with `timed_out` or `cancelled`.
///
/// Calls fail as the system call that is named, with its errno as Error::native_code. The error has
/// the path with which the file was opened. Any number of fibers, also of several threads, may use
/// one file at the same time.
class DiskFile {
 public:
  DiskFile(DiskFile&&) noexcept;
  DiskFile& operator=(DiskFile&&) noexcept;
  /// Closes the file. This does not wait for the disk, except to free the storage of a large file
  /// that has no name any more.
  ~DiskFile();

  /// Reads until `room` is full or the file ends. Returns how many bytes; 0 at the end of the file.
  /// pread(2).
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes room);

  /// Writes all of `bytes`. If it fails, a part of them may have been written. pwrite(2).
  Result<void> write_at(std::uint64_t offset, Bytes bytes);

  /// Reserves storage, so that writing there does not fail for lack of it. The size of the file
  /// does not change. fallocate(2).
  Result<void> allocate(std::uint64_t offset, std::uint64_t size);

  /// ftruncate(2).
  Result<void> truncate(std::uint64_t size);

  /// Waits until the content is on the disk: fdatasync(2). After a failure nothing is known about
  /// what was written before, and another call that succeeds proves nothing: write the file anew.
  Result<void> sync_data();

  /// The same for content and status: fsync(2). The name is made durable by Directory::sync().
  Result<void> sync();

  /// Lets the disk begin to write a part of the file, so that sync() takes less time later. It
  /// makes nothing durable. sync_file_range(2).
  Result<void> begin_sync(std::uint64_t offset, std::uint64_t size);

  /// fstat(2). Can block the thread on a network file system.
  Result<FileStatus> status();

  /// futimens(2).
  Result<void> set_modified(DiskTime time);

  /// fchmod(2).
  Result<void> set_mode(unsigned mode);

  /// Returns the first part at or after `offset` that may have other bytes than zeros, or nothing
  /// if the rest is a hole. lseek(2), SEEK_DATA.
  Result<std::optional<FileExtent>> next_data(std::uint64_t offset);

  /// Copies `size` bytes at `offset` of `source` to the same offset of this file, without the
  /// copy where the file system can share the storage. Returns how many; fewer only at the end of
  /// `source`. If it fails, a part may have been copied. A cancel ends it between parts.
  /// copy_file_range(2), or read and write.
  Result<std::uint64_t> copy_from(DiskFile& source, std::uint64_t offset, std::uint64_t size);

  /// Closes the file, which must not be used any more. Unlike the destructor it reports the error
  /// of close(2), which network file systems return for earlier writes.
  Result<void> close();

  /// Returns the path with which it was opened, as a caller of the library gave it.
  const std::string& path() const;

  /// Returns the descriptor, for features that this library does not offer. The file keeps it.
  int descriptor() const;

  /// Returns false if it was moved from or closed.
  explicit operator bool() const;

 private:
  friend class Directory;

  explicit DiskFile(std::unique_ptr<engine::OpenFile> file);

  std::unique_ptr<engine::OpenFile> file_;
};

}  // namespace hotline
