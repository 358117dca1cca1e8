#pragma once

#include <span>

#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"
#include "hotline/engine/confinement.h"

namespace hotline::engine {

/// A rule set of Landlock: what threads may still do with the file system. Move only.
class PathWall {
 public:
  /// Makes a rule set that permits `usable` and nothing else, as confine_program() says. Nothing is
  /// confined yet. Fails with `unsupported` if this system has no Landlock, or one of version 1,
  /// which forbids to move files between directories; and if a path with PathUse::keep cannot be
  /// opened.
  static Result<PathWall> make(std::span<const UsablePath> usable);

  /// Confines the calling thread, and the threads and processes that it starts later. Irrevocable.
  /// The thread must not be able to get new privileges (PR_SET_NO_NEW_PRIVS).
  Result<void> raise() const;

  /// Returns the version of Landlock, 2 or more.
  int version() const { return version_; }

 private:
  PathWall(UniqueFd rules, int version) : rules_(std::move(rules)), version_(version) {}

  UniqueFd rules_;
  int version_;
};

}  // namespace hotline::engine
