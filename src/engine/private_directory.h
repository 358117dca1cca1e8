#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// A directory whose files hold secrets: only the user of this program may have access to it and
/// to them. What other users can read or change, or own, is refused with `permission_denied` and
/// the command that mends it. Every call blocks its thread. One thread.
class PrivateDirectory {
 public:
  /// Opens a directory. Fails with `not_found` if there is none.
  static Result<PrivateDirectory> open(const std::string& path);

  /// The same, but makes the directory if there is none, and those above it, with mode 0700.
  static Result<PrivateDirectory> make(const std::string& path);

  /// Takes the lock of the directory, which is kept until this object is destroyed, also if the
  /// program is killed. While another program has it, waits for at most `patience` and then fails
  /// with `timed_out`.
  Result<void> lock(std::chrono::milliseconds patience);

  /// Returns the content of the file `name`. Fails with `not_found` if there is none, with
  /// `too_large` if it has more than `bytes_max`, and with `permission_denied` if it is anything
  /// but a plain file.
  Result<Secret> read(const std::string& name, std::size_t bytes_max) const;

  /// Replaces the content of the file `name`, or makes it, with mode 0600. If this fails, or the
  /// machine stops, the file has its old content or the new one, complete. The directory
  /// must be locked.
  Result<void> replace(const std::string& name, Bytes content) const;

  /// Returns the path of the file `name`, for messages.
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }

 private:
  PrivateDirectory(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
};

}  // namespace hotline::engine
