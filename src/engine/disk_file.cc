#include "hotline/engine/disk_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "engine/file_call.h"
#include "engine/open_file.h"

namespace hotline {
namespace {

using engine::FileKernel;
using engine::Patience;

// A part that is copied takes a thread for a fraction of a second.
constexpr std::uint64_t kCopiedAtOnceMax = 16 * 1024 * 1024;
constexpr std::size_t kCopyBufferBytes = 256 * 1024;

/// Fills `room` from `done` on. Returns how many bytes it then has, or a negated errno.
std::int64_t read_on(FileKernel& kernel, int fd, std::uint64_t offset, MutableBytes room,
                     Patience patience, std::size_t& done) {
  while (done < room.size()) {
    const std::int64_t count = engine::uninterrupted(
        [&] { return kernel.read_at(fd, offset + done, room.subspan(done), patience); });
    if (count < 0) return count;
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return static_cast<std::int64_t>(done);
}

std::int64_t write_all(FileKernel& kernel, int fd, std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const std::int64_t count =
        engine::uninterrupted([&] { return kernel.write_at(fd, offset, bytes); });
    if (count < 0) return count;
    if (count == 0) return -EIO;
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

/// Copies through memory, for file systems that cannot do it themselves.
std::int64_t copy_bytes(FileKernel& kernel, int from, int to, std::uint64_t offset,
                        std::uint64_t size) {
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(size, kCopyBufferBytes)));
  std::size_t filled = 0;
  const std::int64_t count = read_on(kernel, from, offset, buffer, Patience::waits, filled);
  if (count <= 0) return count;
  const std::int64_t failed = write_all(kernel, to, offset, Bytes(buffer).first(filled));
  return failed < 0 ? failed : count;
}

bool cannot_copy(std::int64_t result) {
  return result == -EXDEV || result == -EOPNOTSUPP || result == -ENOSYS || result == -EINVAL;
}

std::int64_t copy_part(FileKernel& kernel, int from, int to, std::uint64_t offset,
                       std::uint64_t size) {
  const std::int64_t count =
      engine::uninterrupted([&] { return kernel.copy_range(from, to, offset, size); });
  return cannot_copy(count) ? copy_bytes(kernel, from, to, offset, size) : count;
}

/// Runs one call of the kernel, such as `&FileKernel::sync`, beside the loop.
template <typename Method, typename... Arguments>
Result<void> perform(const engine::OpenFile& file, std::string_view operation, Method method,
                     Arguments... arguments) {
  const std::int64_t failed = engine::file_call([&](FileKernel& kernel) {
    return engine::uninterrupted([&] { return (kernel.*method)(file.fd.get(), arguments...); });
  });
  if (failed < 0) return fail(engine::disk_error(failed, operation, file.path));
  return {};
}

}  // namespace

DiskFile::DiskFile(std::unique_ptr<engine::OpenFile> file) : file_(std::move(file)) {}
DiskFile::DiskFile(DiskFile&&) noexcept = default;
DiskFile& DiskFile::operator=(DiskFile&&) noexcept = default;
DiskFile::~DiskFile() = default;

Result<std::size_t> DiskFile::read_at(std::uint64_t offset, MutableBytes room) {
  std::size_t done = 0;
  const std::int64_t result = engine::quick_file_call([&](FileKernel& kernel, Patience patience) {
    return read_on(kernel, file_->fd.get(), offset, room, patience, done);
  });
  if (result < 0) return fail(engine::disk_error(result, "read", file_->path));
  return done;
}

Result<void> DiskFile::write_at(std::uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return {};
  const std::int64_t failed = engine::file_call(
      [&](FileKernel& kernel) { return write_all(kernel, file_->fd.get(), offset, bytes); });
  if (failed < 0) return fail(engine::disk_error(failed, "write", file_->path));
  return {};
}

Result<void> DiskFile::allocate(std::uint64_t offset, std::uint64_t size) {
  if (size == 0) return {};
  return perform(*file_, "reserve space for", &FileKernel::allocate, offset, size);
}

Result<void> DiskFile::truncate(std::uint64_t size) {
  return perform(*file_, "change the size of", &FileKernel::truncate, size);
}

Result<void> DiskFile::sync_data() {
  return perform(*file_, "write to the disk", &FileKernel::sync_data);
}

Result<void> DiskFile::sync() { return perform(*file_, "write to the disk", &FileKernel::sync); }

Result<void> DiskFile::begin_sync(std::uint64_t offset, std::uint64_t size) {
  return perform(*file_, "write to the disk", &FileKernel::begin_sync, offset, size);
}

Result<FileStatus> DiskFile::status() {
  FileStatus status;
  const std::int64_t failed = engine::quick_file_call([&](FileKernel& kernel, Patience) {
    return engine::uninterrupted([&] { return kernel.status(file_->fd.get(), status); });
  });
  if (failed < 0) return fail(engine::disk_error(failed, "get the status of", file_->path));
  return status;
}

Result<void> DiskFile::set_modified(DiskTime time) {
  return perform(*file_, "set the time of", &FileKernel::set_modified, time);
}

Result<void> DiskFile::set_mode(unsigned mode) {
  return perform(*file_, "set the mode of", &FileKernel::set_mode, mode);
}

Result<std::optional<FileExtent>> DiskFile::next_data(std::uint64_t offset) {
  std::int64_t begin = 0;
  const std::int64_t end = engine::file_call([&](FileKernel& kernel) {
    begin = kernel.find_data(file_->fd.get(), offset);
    if (begin < 0) return begin;
    return kernel.find_hole(file_->fd.get(), static_cast<std::uint64_t>(begin));
  });
  // There is no data from there on.
  if (end == -ENXIO) return std::nullopt;
  if (end < 0) return fail(engine::disk_error(end, "find the data of", file_->path));
  return FileExtent{static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end - begin)};
}

Result<std::uint64_t> DiskFile::copy_from(DiskFile& source, std::uint64_t offset,
                                          std::uint64_t size) {
  std::uint64_t done = 0;
  while (done < size) {
    const std::int64_t count = engine::file_call([&](FileKernel& kernel) {
      return copy_part(kernel, source.file_->fd.get(), file_->fd.get(), offset + done,
                       std::min(size - done, kCopiedAtOnceMax));
    });
    if (count < 0) return fail(engine::disk_error(count, "copy", source.file_->path));
    if (count == 0) break;
    done += static_cast<std::uint64_t>(count);
  }
  return done;
}

const std::string& DiskFile::path() const { return file_->path; }

int DiskFile::descriptor() const { return file_->fd.get(); }

DiskFile::operator bool() const { return file_ != nullptr && file_->fd; }

Result<void> DiskFile::close() {
  const std::int64_t failed =
      engine::file_call([&](FileKernel& kernel) { return kernel.close(std::move(file_->fd)); });
  if (failed < 0) return fail(engine::disk_error(failed, "close", file_->path));
  return {};
}

}  // namespace hotline
