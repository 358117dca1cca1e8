#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/file_status.h"

namespace hotline::engine {

/// If a call may wait for the disk. One that may not returns -EAGAIN instead.
enum class Patience : bool { none, waits };

/// What something is opened for.
enum class OpenFor : std::uint8_t {
  listing,   ///< A directory.
  reading,   ///< Anything but a link: the caller checks the kind.
  writing,   ///< The same, and for reading.
  creating,  ///< A new regular file, for reading and writing.
};

struct OpenRequest {
  OpenFor purpose = OpenFor::reading;
  unsigned mode = 0;  ///< A new file gets these permission bits.
  Patience patience = Patience::waits;
};

/// A name as a directory lists it.
struct ListedName {
  std::string name;
  std::optional<EntryKind> kind;  ///< Some file systems do not say it.
  std::uint64_t position = 0;     ///< Where the next name begins.
};

/// System calls on files and directories, each exactly one call, also in that it may be interrupted
/// (-EINTR) or do less than was asked for. Results are a count or a descriptor, or a negated errno.
/// They are virtual, so that the simulated engine can answer them from memory; these here ask the
/// system. They may wait for the disk unless stated otherwise. Any thread.
class FileKernel {
 public:
  virtual ~FileKernel() = default;

  /// Opens a directory by an ordinary path.
  virtual int open_directory(const std::string& path);

  /// Opens `path` below `directory`, never out of it, never through a link, and never on another
  /// file system.
  virtual int open_beneath(int directory, const std::string& path, const OpenRequest& request);

  /// Never waits. Returns the error of close(2); the descriptor is closed all the same.
  virtual int close(UniqueFd fd);
  virtual int duplicate(int fd);

  /// Never waits on a local file system.
  virtual int status(int fd, FileStatus& status);

  /// Does not follow a link.
  virtual int status_of(int directory, const std::string& name, Patience patience,
                        FileStatus& status);

  virtual std::int64_t read_at(int fd, std::uint64_t offset, MutableBytes room, Patience patience);
  virtual std::int64_t write_at(int fd, std::uint64_t offset, Bytes bytes);
  virtual int allocate(int fd, std::uint64_t offset, std::uint64_t size);
  virtual int truncate(int fd, std::uint64_t size);
  virtual int sync_data(int fd);
  virtual int sync(int fd);
  virtual int begin_sync(int fd, std::uint64_t offset, std::uint64_t size);
  virtual int set_modified(int fd, DiskTime time);
  virtual int set_mode(int fd, unsigned mode);

  /// Returns where the next data or the next hole begins at or after `offset`.
  virtual std::int64_t find_data(int fd, std::uint64_t offset);
  virtual std::int64_t find_hole(int fd, std::uint64_t offset);

  /// Copies at most `size` bytes at `offset` of `from` to the same offset of `to`.
  virtual std::int64_t copy_range(int from, int to, std::uint64_t offset, std::uint64_t size);

  virtual int make_directory(int directory, const std::string& name, unsigned mode);
  virtual int remove_file(int directory, const std::string& name);
  virtual int remove_directory(int directory, const std::string& name);
  virtual int rename(int from, const std::string& name, int to, const std::string& new_name,
                     Directory::Existing existing);

  /// Appends the next names of the directory, without `.` and `..`. Returns 0 at the end, otherwise
  /// 1, also if it has appended none.
  virtual int list(int fd, std::vector<ListedName>& names);

  /// Continues list() at a `position`.
  virtual int seek(int fd, std::uint64_t position);

  virtual int space(int fd, FileSpace& space);

  /// Returns -EAGAIN if another holds the lock. Never waits on a local file system.
  virtual int try_lock(int fd);
  virtual int unlock(int fd);

  /// Returns 0 if open_beneath() can work. Never waits.
  virtual int probe_confinement();
};

}  // namespace hotline::engine
