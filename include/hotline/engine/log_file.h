#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/reloaded.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"

namespace hotline HOTLINE_PUBLIC {

/// A file to which lines are appended, such as an audit. Any thread. It uses the real file system,
/// in a simulated world too.
class LogFile {
 public:
  /// Opens the regular file at `path`, or makes it with mode 0600. Fails with `permission_denied`
  /// if another user may read or write it, with `invalid_argument` if it is not a regular file, and
  /// as open(2) does. Blocks for as long as that takes.
  static Result<std::shared_ptr<LogFile>> open(std::string path);

  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// Opens `of->path()` once more, as open() does, because the file may have been renamed. Calling
  /// the result makes `of` append there; it keeps its descriptor number.
  static Result<Reloaded> open_again(std::shared_ptr<LogFile> of);

  /// Appends `line`, which ends with a newline. Returns 0, or the errno of the write that failed;
  /// if a part of the line was written, the next line begins on a new one. Blocks for as long as
  /// the file system does.
  int append(std::string_view line) noexcept;

  const std::string& path() const { return path_; }

  /// Returns the descriptor, which does not change.
  int descriptor() const { return file_.get(); }

 private:
  LogFile(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}

  const std::string path_;
  const UniqueFd file_;
  std::mutex mutex_;
  bool is_in_line_ = false;  ///< The last line was cut off.
};

}  // namespace hotline
