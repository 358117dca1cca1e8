#pragma once

#include <optional>
#include <string>

#include "engine/kernel.h"
#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"
#include "hotline/net/endpoint.h"

namespace hotline::net {

/// The path that a UNIX socket is bound to: removed when this goes, but only if it is still the
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

  /// Takes note of what has just been bound at `path`, and sets its permission bits if any are
  /// wanted.
  static Result<BoundPath> adopt(const Endpoint& endpoint, std::optional<unsigned> mode);

  /// Removes it now; idempotent.
  void remove() noexcept;

 private:
  std::string path_;
  engine::PathStatus ours_;
};

/// Removes what stands at the path of `endpoint` if it is a socket that nobody listens on any more.
/// Fails with `address_in_use` if somebody does, or if it is anything else than a socket.
/// `socket_type` as in socket(2).
Result<void> clear_stale_path(const Endpoint& endpoint, const SocketAddress& address,
                              int socket_type);

}  // namespace hotline::net
