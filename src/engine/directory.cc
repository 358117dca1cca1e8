#include "hotline/engine/directory.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "engine/directory_reader_state.h"
#include "engine/file_call.h"
#include "engine/open_file.h"
#include "engine/regular_file.h"
#include "hotline/engine/clock.h"

namespace hotline {
namespace {

using engine::FileKernel;
using engine::OpenFile;
using engine::OpenFor;
using engine::OpenRequest;
using engine::Patience;

constexpr std::string_view kOpenDisk = "open";

// openat2(2) asks for another attempt if something was renamed while it resolved a `..`.
constexpr int kRacesMax = 16;

constexpr auto kFirstPause = std::chrono::milliseconds(1);
constexpr auto kLongestPause = std::chrono::milliseconds(32);

/// Returns the path as a user would write it.
std::string joined(const OpenFile& directory, std::string_view path) {
  if (path.empty()) return directory.path;
  if (directory.path == ".") return std::string(path);
  const std::string_view between = directory.path.ends_with('/') ? "" : "/";
  return std::string(directory.path).append(between).append(path);
}

/// Returns -EINVAL for what is not the name of one entry.
int check_name(std::string_view name) {
  constexpr std::string_view kSeparators("/\0", 2);
  const bool is_refused = name.empty() || name == "." || name == ".." ||
                          name.find_first_of(kSeparators) != std::string_view::npos;
  return is_refused ? -EINVAL : 0;
}

int check_path(std::string_view path) {
  return path.find('\0') == std::string_view::npos ? 0 : -EINVAL;
}

int open_patiently(FileKernel& kernel, int directory, const std::string& path,
                   const OpenRequest& request) {
  for (int race = 0;; ++race) {
    const int fd =
        engine::uninterrupted([&] { return kernel.open_beneath(directory, path, request); });
    if (fd != -EAGAIN || request.patience == Patience::none || race == kRacesMax) return fd;
  }
}

/// Returns 0 if the descriptor is that of a regular file.
int check_is_file(FileKernel& kernel, int fd) {
  FileStatus status;
  const int failed = engine::uninterrupted([&] { return kernel.status(fd, status); });
  if (failed < 0 || status.kind == EntryKind::file) return failed;
  return status.kind == EntryKind::directory ? -EISDIR : -EINVAL;
}

/// Opens `path` below `directory`. A file that is there already must be a regular one.
std::int64_t open_one(FileKernel& kernel, int directory, const std::string& path,
                      const OpenRequest& request) {
  const int fd = open_patiently(kernel, directory, path, request);
  const bool is_known = request.purpose == OpenFor::listing || request.purpose == OpenFor::creating;
  if (fd < 0 || is_known) return fd;
  const int failed = check_is_file(kernel, fd);
  if (failed == 0) return fd;
  kernel.close(UniqueFd(fd));
  return failed;
}

std::unexpected<Error> open_failure(std::int64_t code, std::string path) {
  Error error = engine::disk_error(code, kOpenDisk, path);
  if (code == -EINVAL) error.detail = "it is not a name or a regular file";
  return fail(std::move(error));
}

/// Returns what is open, or the failure. `checked` is that of the path.
Result<std::unique_ptr<OpenFile>> open_at(const OpenFile& directory, std::string_view path,
                                          int checked, OpenRequest request) {
  std::string name = joined(directory, path);
  if (checked < 0) return open_failure(checked, std::move(name));
  const std::string relative(path.empty() ? "." : path);
  std::int64_t fd = 0;
  const std::int64_t failed = engine::quick_file_call([&](FileKernel& kernel, Patience patience) {
    request.patience = patience;
    fd = open_one(kernel, directory.fd.get(), relative, request);
    return std::min<std::int64_t>(fd, 0);
  });
  if (failed < 0) return open_failure(failed, std::move(name));
  return std::make_unique<OpenFile>(static_cast<int>(fd), std::move(name));
}

/// Runs a call on a name, such as `&FileKernel::remove_file`, beside the loop.
template <typename Method, typename... Arguments>
Result<void> change(const OpenFile& directory, std::string_view operation, std::string_view name,
                    Method method, Arguments... arguments) {
  std::int64_t failed = check_name(name);
  if (failed == 0) {
    failed = engine::file_call([&, text = std::string(name)](FileKernel& kernel) {
      return engine::uninterrupted(
          [&] { return (kernel.*method)(directory.fd.get(), text, arguments...); });
    });
  }
  if (failed < 0) return fail(engine::disk_error(failed, operation, joined(directory, name)));
  return {};
}

}  // namespace

Result<void> probe_confinement() {
  const int failed = engine::Engine::current().file_kernel().probe_confinement();
  if (failed == 0) return {};
  Error error = make_error(ErrorKind::unsupported, "confine paths to a directory", {},
                           "this system does not allow openat2",
                           "Linux has it since 5.6; a container may forbid it");
  error.native_code = -failed;
  return fail(std::move(error));
}

Directory::Directory(std::unique_ptr<OpenFile> file) : file_(std::move(file)) {}
Directory::Directory(Directory&&) noexcept = default;
Directory& Directory::operator=(Directory&&) noexcept = default;
Directory::~Directory() = default;

Result<Directory> Directory::open(const std::string& path) {
  std::int64_t fd = check_path(path);
  if (fd == 0) {
    fd = engine::file_call([&](FileKernel& kernel) {
      return engine::uninterrupted([&] { return kernel.open_directory(path); });
    });
  }
  if (fd < 0) return open_failure(fd, path);
  return Directory(std::make_unique<OpenFile>(static_cast<int>(fd), path));
}

Result<Directory> Directory::open_beneath(std::string_view path) const {
  auto opened = open_at(*file_, path, check_path(path), {.purpose = OpenFor::listing});
  if (!opened) return fail(std::move(opened.error()));
  return Directory(std::move(*opened));
}

Result<DiskFile> Directory::open_file(std::string_view name) const {
  auto opened = open_at(*file_, name, check_name(name), {.purpose = OpenFor::reading});
  if (!opened) return fail(std::move(opened.error()));
  return DiskFile(std::move(*opened));
}

Result<DiskFile> Directory::open_file_beneath(std::string_view path) const {
  auto opened = open_at(*file_, path, check_path(path), {.purpose = OpenFor::reading});
  if (!opened) return fail(std::move(opened.error()));
  return DiskFile(std::move(*opened));
}

Result<DiskFile> Directory::open_for_writing(std::string_view name) const {
  auto opened = open_at(*file_, name, check_name(name), {.purpose = OpenFor::writing});
  if (!opened) return fail(std::move(opened.error()));
  return DiskFile(std::move(*opened));
}

Result<DiskFile> Directory::create(std::string_view name, unsigned mode) const {
  auto opened =
      open_at(*file_, name, check_name(name), {.purpose = OpenFor::creating, .mode = mode});
  if (!opened) return fail(std::move(opened.error()));
  return DiskFile(std::move(*opened));
}

Result<FileStatus> Directory::status() const {
  FileStatus status;
  const std::int64_t failed = engine::quick_file_call([&](FileKernel& kernel, Patience) {
    return engine::uninterrupted([&] { return kernel.status(file_->fd.get(), status); });
  });
  if (failed < 0) return fail(engine::disk_error(failed, "get the status of", file_->path));
  return status;
}

Result<FileStatus> Directory::status(std::string_view name) const {
  FileStatus status;
  std::int64_t failed = check_name(name);
  if (failed == 0) {
    failed = engine::quick_file_call(
        [&, text = std::string(name)](FileKernel& kernel, Patience patience) {
          return engine::uninterrupted(
              [&] { return kernel.status_of(file_->fd.get(), text, patience, status); });
        });
  }
  if (failed == 0) return status;
  return fail(engine::disk_error(failed, "get the status of", joined(*file_, name)));
}

Result<void> Directory::make_directory(std::string_view name, unsigned mode) const {
  return change(*file_, "make the directory", name, &FileKernel::make_directory, mode);
}

Result<void> Directory::remove_file(std::string_view name) const {
  return change(*file_, "remove", name, &FileKernel::remove_file);
}

Result<void> Directory::remove_directory(std::string_view name) const {
  return change(*file_, "remove the directory", name, &FileKernel::remove_directory);
}

Result<void> Directory::rename(std::string_view name, const Directory& to,
                               std::string_view new_name, Existing existing) const {
  constexpr std::string_view kRename = "rename to";
  if (const int failed = check_name(new_name); failed < 0) {
    return fail(engine::disk_error(failed, kRename, joined(*to.file_, new_name)));
  }
  auto renamed = change(*file_, kRename, name, &FileKernel::rename, to.file_->fd.get(),
                        std::string(new_name), existing);
  if (!renamed && renamed.error().native_code != ENOENT) {
    renamed.error().endpoint = engine::shown_path(joined(*to.file_, new_name));
  }
  return renamed;
}

Result<void> Directory::sync() const {
  const std::int64_t failed = engine::file_call([&](FileKernel& kernel) {
    return engine::uninterrupted([&] { return kernel.sync(file_->fd.get()); });
  });
  if (failed < 0) return fail(engine::disk_error(failed, "write to the disk", file_->path));
  return {};
}

Result<DirectoryReader> Directory::entries(EntriesOptions options) const {
  auto opened = open_at(*file_, "", 0, {.purpose = OpenFor::listing});
  if (!opened) return fail(std::move(opened.error()));
  auto state = std::make_unique<DirectoryReader::State>(std::move(*opened), options);
  return DirectoryReader(std::move(state));
}

Result<FileSpace> Directory::space() const {
  FileSpace space;
  const std::int64_t failed = engine::file_call([&](FileKernel& kernel) {
    return engine::uninterrupted([&] { return kernel.space(file_->fd.get(), space); });
  });
  if (failed < 0) return fail(engine::disk_error(failed, "get the space of", file_->path));
  return space;
}

Result<bool> Directory::try_lock() {
  const std::int64_t result = engine::file_call([&](FileKernel& kernel) {
    return engine::uninterrupted([&] { return kernel.try_lock(file_->fd.get()); });
  });
  if (result < 0 && result != -EAGAIN) {
    return fail(engine::disk_error(result, "lock", file_->path));
  }
  return result == 0;
}

Result<void> Directory::lock() {
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    auto locked = try_lock();
    if (!locked) return fail(std::move(locked.error()));
    if (*locked) return {};
    if (auto slept = sleep_for(pause); !slept) {
      slept.error().operation = "lock";
      slept.error().endpoint = engine::shown_path(file_->path);
      return slept;
    }
  }
}

Result<void> Directory::unlock() {
  const std::int64_t failed =
      engine::file_call([&](FileKernel& kernel) { return kernel.unlock(file_->fd.get()); });
  if (failed < 0) return fail(engine::disk_error(failed, "unlock", file_->path));
  return {};
}

Result<Directory> Directory::duplicate() const {
  const int fd = engine::Engine::current().file_kernel().duplicate(file_->fd.get());
  if (fd < 0) return open_failure(fd, file_->path);
  return Directory(std::make_unique<OpenFile>(fd, file_->path));
}

}  // namespace hotline
