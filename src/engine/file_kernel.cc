#include "engine/file_kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>

#include "engine/above_standard.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

// Linux has it since 5.12; the headers may be older.
constexpr std::uint64_t kResolveCached = 0x20;

constexpr std::uint64_t kConfined =
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;

// O_NONBLOCK: a pipe would block. O_NOCTTY: a terminal would become that of the program.
constexpr int kAnyFile = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

std::int64_t answer(std::int64_t returned) { return returned < 0 ? -errno : returned; }
int answer(int returned) { return returned < 0 ? -errno : returned; }
off_t signed_offset(std::uint64_t offset) { return static_cast<off_t>(offset); }

int flags_for(OpenFor purpose) {
  switch (purpose) {
    case OpenFor::listing: return O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    case OpenFor::reading: return O_RDONLY | kAnyFile;
    case OpenFor::writing: return O_RDWR | kAnyFile;
    case OpenFor::creating: return O_RDWR | O_CREAT | O_EXCL | kAnyFile;
  }
  return 0;
}

int open_at(int directory, const char* path, int flags, unsigned mode, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = mode;
  how.resolve = resolve;
  return answer(
      above_standard(static_cast<int>(raw_call(SYS_openat2, directory, path, &how, sizeof how))));
}

/// Opens what is found in memory. Returns -EAGAIN if that cannot be known without waiting.
int open_cached(int directory, const char* path, int flags, std::uint64_t resolve) {
  const int fd = open_at(directory, path, flags, 0, resolve | kResolveCached);
  // The kernel is older than RESOLVE_CACHED.
  return fd == -EINVAL ? -EAGAIN : fd;
}

EntryKind kind_of_mode(unsigned mode) {
  if (S_ISREG(mode)) return EntryKind::file;
  if (S_ISDIR(mode)) return EntryKind::directory;
  return S_ISLNK(mode) ? EntryKind::link : EntryKind::other;
}

std::optional<EntryKind> kind_of_type(unsigned char type) {
  switch (type) {
    case DT_UNKNOWN: return std::nullopt;
    case DT_REG: return EntryKind::file;
    case DT_DIR: return EntryKind::directory;
    case DT_LNK: return EntryKind::link;
    default: return EntryKind::other;
  }
}

DiskTime time_of(const statx_timestamp& stamp) {
  constexpr std::int64_t kSecondsMax =
      std::chrono::floor<std::chrono::seconds>(DiskTime::max()).time_since_epoch().count() - 1;
  if (stamp.tv_sec > kSecondsMax) return DiskTime::max();
  if (stamp.tv_sec < -kSecondsMax) return DiskTime::min();
  return DiskTime(std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec));
}

int status_at(int directory, const char* name, int flags, FileStatus& status) {
  struct statx found {};
  const int failed =
      answer(::statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, &found));
  if (failed < 0) return failed;
  status = {.kind = kind_of_mode(found.stx_mode),
            .device = ::makedev(found.stx_dev_major, found.stx_dev_minor),
            .inode = found.stx_ino,
            .size = found.stx_size,
            .links = found.stx_nlink,
            .mode = found.stx_mode & 07777U,
            .owner = found.stx_uid,
            .modified = time_of(found.stx_mtime),
            .changed = time_of(found.stx_ctime),
            .born = (found.stx_mask & STATX_BTIME) != 0 ? time_of(found.stx_btime) : DiskTime{}};
  return 0;
}

/// Returns true if the file system has no disk.
bool is_in_memory(int fd) {
  struct statfs found {};
  return ::fstatfs(fd, &found) == 0 && found.f_type == TMPFS_MAGIC;
}

/// What only the owner has access to must be of use to the owner, whatever the umask is.
bool is_private(unsigned mode) { return (mode & 077U) == 0; }

/// Returns the descriptor of a new file, or a negated errno.
int with_private_mode(int made, unsigned mode) {
  UniqueFd fd(made);
  if (!fd || !is_private(mode)) return fd ? fd.release() : made;
  FileStatus status;
  int failed = status_at(fd.get(), "", AT_EMPTY_PATH, status);
  if (failed == 0 && status.mode != mode) failed = answer(::fchmod(fd.get(), mode));
  return failed < 0 ? failed : fd.release();
}

}  // namespace

int FileKernel::open_directory(const std::string& path) {
  return answer(above_standard(::openat(AT_FDCWD, path.c_str(), flags_for(OpenFor::listing))));
}

int FileKernel::open_beneath(int directory, const std::string& path, const OpenRequest& request) {
  const int flags = flags_for(request.purpose);
  if (request.patience == Patience::waits) {
    const int fd = open_at(directory, path.c_str(), flags, request.mode, kConfined);
    return request.purpose == OpenFor::creating ? with_private_mode(fd, request.mode) : fd;
  }
  // To make a file always needs the disk.
  if (request.purpose == OpenFor::creating) return -EAGAIN;
  return open_cached(directory, path.c_str(), flags, kConfined);
}

int FileKernel::close(UniqueFd fd) { return answer(::close(fd.release())); }

int FileKernel::duplicate(int fd) {
  return answer(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

int FileKernel::status(int fd, FileStatus& status) {
  return status_at(fd, "", AT_EMPTY_PATH, status);
}

int FileKernel::status_of(int directory, const std::string& name, Patience patience,
                          FileStatus& status) {
  if (patience == Patience::waits) {
    return status_at(directory, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, status);
  }
  constexpr int kFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd found(open_cached(directory, name.c_str(), kFlags, 0));
  if (found.get() == -ENOENT) return -ENOENT;
  return found ? this->status(found.get(), status) : -EAGAIN;
}

std::int64_t FileKernel::read_at(int fd, std::uint64_t offset, MutableBytes room,
                                 Patience patience) {
  const off_t at = signed_offset(offset);
  if (patience == Patience::waits) return answer(::pread(fd, room.data(), room.size(), at));
  const iovec piece{room.data(), room.size()};
  const std::int64_t count = answer(::preadv2(fd, &piece, 1, at, RWF_NOWAIT));
  if (count != -EOPNOTSUPP) return count;
  // Not every file system can say if it would wait.
  return is_in_memory(fd) ? answer(::pread(fd, room.data(), room.size(), at)) : -EAGAIN;
}

std::int64_t FileKernel::write_at(int fd, std::uint64_t offset, Bytes bytes) {
  return answer(::pwrite(fd, bytes.data(), bytes.size(), signed_offset(offset)));
}

int FileKernel::allocate(int fd, std::uint64_t offset, std::uint64_t size) {
  return answer(::fallocate(fd, FALLOC_FL_KEEP_SIZE, signed_offset(offset), signed_offset(size)));
}

int FileKernel::truncate(int fd, std::uint64_t size) {
  return answer(::ftruncate(fd, signed_offset(size)));
}

int FileKernel::sync_data(int fd) { return answer(::fdatasync(fd)); }

int FileKernel::sync(int fd) { return answer(::fsync(fd)); }

int FileKernel::begin_sync(int fd, std::uint64_t offset, std::uint64_t size) {
  return answer(
      ::sync_file_range(fd, signed_offset(offset), signed_offset(size), SYNC_FILE_RANGE_WRITE));
}

int FileKernel::set_modified(int fd, DiskTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const timespec times[] = {{0, UTIME_OMIT},
                            {seconds.time_since_epoch().count(), (time - seconds).count()}};
  return answer(::futimens(fd, times));
}

int FileKernel::set_mode(int fd, unsigned mode) { return answer(::fchmod(fd, mode)); }

std::int64_t FileKernel::find_data(int fd, std::uint64_t offset) {
  return answer(std::int64_t{::lseek(fd, signed_offset(offset), SEEK_DATA)});
}

std::int64_t FileKernel::find_hole(int fd, std::uint64_t offset) {
  return answer(std::int64_t{::lseek(fd, signed_offset(offset), SEEK_HOLE)});
}

std::int64_t FileKernel::copy_range(int from, int to, std::uint64_t offset, std::uint64_t size) {
  off_t source = signed_offset(offset);
  off_t target = source;
  return answer(std::int64_t{::copy_file_range(from, &source, to, &target, size, 0)});
}

int FileKernel::make_directory(int directory, const std::string& name, unsigned mode) {
  const int failed = answer(::mkdirat(directory, name.c_str(), mode));
  if (failed < 0) return failed;
  FileStatus made;
  const int unknown = status_at(directory, name.c_str(), AT_SYMLINK_NOFOLLOW, made);
  if (unknown < 0 || made.kind != EntryKind::directory) return unknown;
  // Without these, nothing could be made in it.
  const unsigned wanted = made.mode | (mode & 0700U);
  if (made.mode == wanted) return 0;
  return answer(::fchmodat(directory, name.c_str(), wanted, AT_SYMLINK_NOFOLLOW));
}

int FileKernel::remove_file(int directory, const std::string& name) {
  return answer(::unlinkat(directory, name.c_str(), 0));
}

int FileKernel::remove_directory(int directory, const std::string& name) {
  return answer(::unlinkat(directory, name.c_str(), AT_REMOVEDIR));
}

int FileKernel::rename(int from, const std::string& name, int to, const std::string& new_name,
                       Directory::Existing existing) {
  const unsigned flags = existing == Directory::Existing::fail ? RENAME_NOREPLACE : 0;
  return answer(::renameat2(from, name.c_str(), to, new_name.c_str(), flags));
}

int FileKernel::list(int fd, std::vector<ListedName>& names) {
  alignas(dirent64) std::array<char, 32 * 1024> buffer;
  const std::int64_t filled = answer(std::int64_t{::getdents64(fd, buffer.data(), buffer.size())});
  for (std::int64_t at = 0; at < filled;) {
    const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back({std::string(name), kind_of_type(entry->d_type),
                       static_cast<std::uint64_t>(entry->d_off)});
    }
    at += entry->d_reclen;
  }
  return filled > 0 ? 1 : static_cast<int>(filled);
}

int FileKernel::seek(int fd, std::uint64_t position) {
  return ::lseek(fd, signed_offset(position), SEEK_SET) < 0 ? -errno : 0;
}

int FileKernel::space(int fd, FileSpace& space) {
  struct statvfs found {};
  if (::fstatvfs(fd, &found) < 0) return -errno;
  space = {.bytes = found.f_blocks * found.f_frsize,
           .bytes_available = found.f_bavail * found.f_frsize,
           .entries = found.f_files,
           .entries_available = found.f_favail};
  return 0;
}

int FileKernel::try_lock(int fd) { return answer(::flock(fd, LOCK_EX | LOCK_NB)); }

int FileKernel::unlock(int fd) { return answer(::flock(fd, LOCK_UN)); }

int FileKernel::probe_confinement() {
  const UniqueFd found(open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, kConfined));
  return std::min(found.get(), 0);
}

}  // namespace hotline::engine
