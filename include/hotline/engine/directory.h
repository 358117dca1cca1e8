#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/directory_reader.h"
#include "hotline/engine/disk_file.h"
#include "hotline/engine/file_status.h"

namespace hotline HOTLINE_PUBLIC {

/// Succeeds if this kernel can confine a path to a directory. Fails with `unsupported` where
/// openat2(2) is missing (it came with Linux 5.6) or forbidden: then every function of Directory
/// that opens a name or a path fails. Blocks, but never for long.
Result<void> probe_confinement();

/// An open directory. It stays the same directory if its path is renamed. Calls suspend the fiber,
/// fail, and may be used by several fibers as those of DiskFile; the error has the path with which
/// the directory was opened, and the name. Move only.
///
/// A `name` is one component: not empty, not `.` or `..`, without '/' and NUL; others fail with
/// EINVAL. Symbolic links are never followed: where one is, calls fail with ELOOP, or act on the
/// link itself (status, remove_file, rename). Nothing on another file system is opened (EXDEV).
class Directory {
 public:
  /// Opens the directory at an ordinary path, links followed. open(2).
  static Result<Directory> open(const std::string& path);

  Directory(Directory&&) noexcept;
  Directory& operator=(Directory&&) noexcept;
  ~Directory();

  /// Opens a directory at or below this one; "" is this directory. A path that leads out of it
  /// (absolute, by `..`, through a mount point or /proc) fails with EXDEV, one with a link with
  /// ELOOP. openat2(2).
  Result<Directory> open_beneath(std::string_view path) const;

  /// Opens a regular file for reading. Fails with EISDIR for a directory, and with EINVAL for a
  /// device, a pipe or a socket. openat2(2).
  Result<DiskFile> open_file(std::string_view name) const;

  /// The same for a path below this directory, confined as open_beneath() does.
  Result<DiskFile> open_file_beneath(std::string_view path) const;

  /// The same as open_file(), for reading and writing.
  Result<DiskFile> open_for_writing(std::string_view name) const;

  /// Makes a new regular file, for reading and writing, with the permission bits `mode`, minus the
  /// umask unless others have none. Fails with EEXIST if anything has that name. openat2(2).
  Result<DiskFile> create(std::string_view name, unsigned mode) const;

  /// Returns the status of this directory. fstat(2).
  Result<FileStatus> status() const;

  /// Returns the status of what has that name. statx(2).
  Result<FileStatus> status(std::string_view name) const;

  /// Makes a directory with the permission bits `mode`, of which the umask takes none of the owner.
  Result<void> make_directory(std::string_view name, unsigned mode) const;

  /// Removes what is not a directory. unlinkat(2).
  Result<void> remove_file(std::string_view name) const;

  /// Removes an empty directory. unlinkat(2).
  Result<void> remove_directory(std::string_view name) const;

  /// What happens to something that has the new name.
  enum class Existing : bool { fail, replace };

  /// Moves what has the name `name` to `new_name` in `to`, at once: each name always shows either
  /// the old or the new. With Existing::fail it fails with EEXIST if `new_name` exists.
  /// renameat2(2).
  Result<void> rename(std::string_view name, const Directory& to, std::string_view new_name,
                      Existing existing) const;

  /// Waits until the names in this directory are on the disk: without this, a power cut can undo
  /// that they were made, removed or moved. fsync(2).
  Result<void> sync() const;

  /// Returns a reader of the names in this directory, independent of others.
  Result<DirectoryReader> entries(EntriesOptions options = {}) const;

  /// fstatvfs(3).
  Result<FileSpace> space() const;

  /// Takes the lock of this directory, which excludes all other objects that were opened by path,
  /// in any process, but not duplicates. Returns false if another has it. It is given back by
  /// unlock(), when the last duplicate is destroyed, and when the process ends in any way. It binds
  /// only those that ask for it. flock(2).
  Result<bool> try_lock();

  /// The same, but waits until the lock is free, in the order of chance. A deadline, cancel or
  /// failure ends the wait.
  Result<void> lock();
  Result<void> unlock();

  /// Returns another object for the same open directory.
  Result<Directory> duplicate() const;

 private:
  explicit Directory(std::unique_ptr<engine::OpenFile> file);

  std::unique_ptr<engine::OpenFile> file_;
};

}  // namespace hotline
