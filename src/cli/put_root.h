#pragma once

#include <optional>
#include <string>
#include <utility>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"

namespace hotline::cli {

/// A directory of this machine from which files are put, until all are. What is exchanged for a
/// link after it was found leads nowhere. The calls suspend the fiber.
class PutRoot {
 public:
  /// If its descriptor is kept, or it is opened again by its path each time.
  enum class Keep : bool { path, descriptor };

  static Result<PutRoot> open(std::string path, Keep keep);

  /// Opens what is at a path below it, or itself if that is empty. Fails if its own path leads to
  /// another directory by now.
  Result<Directory> open_beneath(const std::string& beneath) const;

 private:
  PutRoot(std::string path, const FileStatus& status) : path_(std::move(path)), status_(status) {}

  std::string path_;
  FileStatus status_;
  std::optional<Directory> kept_{};
};

}  // namespace hotline::cli
