#pragma once

#include <optional>
#include <string>

#include "engine/kernel.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"
#include "hotline/net/endpoint.h"

namespace hotline::net {

/// The path that a UNIX socket is bound to. The destructor removes it, but only if it is still the
/// socket that was bound here, and not one that another server has put in its place. Move only.
class BoundPath {
 public:
  BoundPath() = default;
  BoundPath(BoundPath&& other) noexcept
      : path_(std::exchange(other.path_, {})), ours_(other.ours_) {}
  BoundPath& operator=(BoundPath&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(ours_, other.ours_);
    return *this;
  }
  ~BoundPath() { remove(); }

  /// Records what has just been bound at the path of `endpoint`. If `mode` is given, widens the
  /// permission bits to it: the socket's own were set before, and the umask has reduced them.
  static Result<BoundPath> adopt(const Endpoint& endpoint, std::optional<unsigned> mode);

  /// Removes the path now; idempotent.
  void remove() noexcept;

 private:
  std::string path_;
  engine::PathStatus ours_;
};

/// The right to check one path, replace what is there and bind it. Only one of the programs that
/// ask for it has it at a time. It is a lock on the file `PATH.lock`, which exists only for that
/// time. Move only.
class PathLock {
 public:
  PathLock(PathLock&&) noexcept = default;
  PathLock& operator=(PathLock&&) = delete;
  ~PathLock();

  /// Fails with `address_in_use` (EADDRINUSE) while another program has it. Does not wait.
  static Result<PathLock> take(const Endpoint& endpoint);

 private:
  PathLock(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;
};

/// Removes what is at the path of `endpoint` if it is a socket that no process has open. Fails with
/// `address_in_use` if a process has (EADDRINUSE), or if it is anything but a socket. The owner of
/// the socket does not notice the check. Call it with the PathLock.
Result<void> clear_stale_path(const Endpoint& endpoint);

}  // namespace hotline::net
