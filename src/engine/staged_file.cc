#include "hotline/engine/staged_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "engine/above_standard.h"
#include "engine/regular_file.h"
#include "hotline/core/unique_fd.h"
#include "hotline/engine/offload.h"

namespace hotline {
namespace {

constexpr char kMakeStaged[] = "make the file";
constexpr char kWriteStaged[] = "write the file";
constexpr mode_t kStagedMode = 0600;

Error staged_error(int native_code, std::string_view operation, const std::string& path) {
  Error error = file_error(native_code, operation, engine::shown_path(path));
  if (native_code == ENOSPC || native_code == EDQUOT) {
    error.kind = ErrorKind::resource_exhausted;
    error.detail = native_code == ENOSPC ? "no space is left on the disk" : "the quota is used up";
    error.advice = "make room on the disk, or use another directory";
  }
  return error;
}

}  // namespace

struct StagedFile::State {
  State(std::string name, UniqueFd file) : path(std::move(name)), fd(std::move(file)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!is_published && size == 0) ::unlink(partial().c_str());
  }

  std::string partial() const { return path + std::string(kPartial); }

  /// Returns the errno of the first write that fails, or 0.
  int append(Bytes bytes) {
    while (!bytes.empty()) {
      const auto count = ::write(fd.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno;
      size += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return 0;
  }

  /// Returns an errno, or 0.
  int publish() {
    // Some file systems report a failed write only here.
    if (::close(fd.release()) != 0 && errno != EINTR) return errno;
    if (::rename(partial().c_str(), path.c_str()) != 0) return errno;
    is_published = true;
    return 0;
  }

  const std::string path;
  UniqueFd fd;
  std::atomic<std::uint64_t> size = 0;
  std::atomic<bool> is_published = false;
};

StagedFile::StagedFile(std::shared_ptr<State> state) : state_(std::move(state)) {}
StagedFile::StagedFile(StagedFile&&) noexcept = default;
StagedFile& StagedFile::operator=(StagedFile&&) noexcept = default;
StagedFile::~StagedFile() = default;

Result<void> StagedFile::remove_old(const std::string& path) {
  for (const std::string& each : {path, path + std::string(kPartial)}) {
    if (::unlink(each.c_str()) != 0 && errno != ENOENT) {
      return fail(staged_error(errno, "remove the old file", each));
    }
  }
  return {};
}

Result<StagedFile> StagedFile::make(std::string path) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const std::string partial = path + std::string(kPartial);
  UniqueFd fd(engine::above_standard(::open(partial.c_str(), kFlags, kStagedMode)));
  if (!fd) return fail(staged_error(errno, kMakeStaged, partial));
  return StagedFile(std::make_shared<State>(std::move(path), std::move(fd)));
}

Result<void> StagedFile::append(Bytes bytes) {
  const auto failure = offload([state = state_, text = std::string(as_text(bytes))] {
    return state->append(as_bytes(text));
  });
  if (!failure) return fail(failure.error());
  if (*failure == 0) return {};
  return fail(staged_error(*failure, kWriteStaged, path()));
}

Result<void> StagedFile::publish() {
  const auto failure = offload([state = state_] { return state->publish(); });
  if (!failure) return fail(failure.error());
  if (*failure == 0) return {};
  return fail(staged_error(*failure, kWriteStaged, path()));
}

std::uint64_t StagedFile::size() const { return state_->size; }

std::string StagedFile::path() const {
  return state_->is_published ? state_->path : state_->partial();
}

}  // namespace hotline
