#include "hotline/engine/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/above_standard.h"
#include "engine/operations/system_result.h"
#include "engine/regular_file.h"

namespace hotline {
namespace {

constexpr char kAppend[] = "append to";
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kBitsOfOthers = 0077;

std::unexpected<Error> refuse_file(const std::string& path, ErrorKind kind, std::string detail,
                                   std::string advice) {
  return fail(
      make_error(kind, kAppend, engine::shown_path(path), std::move(detail), std::move(advice)));
}

Result<UniqueFd> open_for_append(const std::string& path) {
  // Opening a pipe without a reader fails instead of blocking.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  UniqueFd file(engine::above_standard(::open(path.c_str(), kFlags, kOwnerOnly)));
  if (!file && errno == ENXIO) {
    return refuse_file(path, ErrorKind::invalid_argument, "it is not a regular file",
                       "name a file, not a pipe");
  }
  if (!file) return fail(file_error(errno, kAppend, engine::shown_path(path)));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail(file_error(errno, kAppend, engine::shown_path(path)));
  }
  if (!S_ISREG(status.st_mode)) {
    return refuse_file(path, ErrorKind::invalid_argument, "it is not a regular file",
                       "name a file, not a directory or a device");
  }
  if ((status.st_mode & kBitsOfOthers) != 0) {
    return refuse_file(path, ErrorKind::permission_denied, "other users may read or change it",
                       "run 'chmod 600 " + engine::shown_path(path) + "'");
  }
  return file;
}

}  // namespace

Result<std::shared_ptr<LogFile>> LogFile::open(std::string path) {
  auto file = open_for_append(path);
  if (!file) return fail(std::move(file.error()));
  return std::shared_ptr<LogFile>(new LogFile(std::move(path), std::move(*file)));
}

Result<Reloaded> LogFile::open_again(std::shared_ptr<LogFile> of) {
  auto file = open_for_append(of->path());
  if (!file) return fail(std::move(file.error()));
  // A std::function must be copyable.
  auto opened = std::make_shared<UniqueFd>(std::move(*file));
  return Reloaded([of = std::move(of), opened = std::move(opened)] {
    const std::lock_guard lock(of->mutex_);
    // Cannot fail: both are open.
    ::dup3(opened->get(), of->descriptor(), O_CLOEXEC);
    of->is_in_line_ = false;
  });
}

int LogFile::append(std::string_view line) noexcept {
  const std::lock_guard lock(mutex_);
  if (is_in_line_) {
    const auto ended = engine::system_result([&] { return ::write(descriptor(), "\n", 1); });
    if (ended < 0) return static_cast<int>(-ended);
    is_in_line_ = false;
  }
  while (!line.empty()) {
    const auto written =
        engine::system_result([&] { return ::write(descriptor(), line.data(), line.size()); });
    if (written < 0) return static_cast<int>(-written);
    line.remove_prefix(static_cast<std::size_t>(written));
    is_in_line_ = !line.empty();
  }
  return 0;
}

}  // namespace hotline
