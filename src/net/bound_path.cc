#include "net/bound_path.h"

#include <sys/socket.h>

#include <cerrno>

#include "engine/engine.h"
#include "engine/operations/connect.h"
#include "net/address.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

using engine::Engine;
using engine::PathStatus;

std::unexpected<Error> refuse(const Endpoint& endpoint, std::string detail, std::string advice,
                              int native_code = 0) {
  Error error = make_error(ErrorKind::address_in_use, "listen on", endpoint.to_string(),
                           std::move(detail), std::move(advice));
  error.native_code = native_code;
  return fail(std::move(error));
}

/// Connecting a datagram socket disturbs no server: a bound socket of another type answers
/// EPROTOTYPE, even before it listens.
bool is_abandoned(const Endpoint& endpoint) {
  const SocketAddress address = unix_address(endpoint.path(), false);
  auto channel = open_socket(address, SocketKind::datagram, "probe", endpoint);
  if (!channel) return false;
  engine::Connect connect(**channel, address);
  return Engine::current().attempt(connect) == -ECONNREFUSED;
}

}  // namespace

Result<BoundPath> BoundPath::adopt(const Endpoint& endpoint, std::optional<unsigned> mode) {
  Engine& engine = Engine::current();
  BoundPath bound;
  const int found = engine.path_status(endpoint.path(), bound.ours_);
  // Later it could not be distinguished from another's, so it is removed while it must be ours.
  if (found < 0) engine.remove_path(endpoint.path());
  bound.path_ = endpoint.path();
  const bool is_as_wanted = !mode || bound.ours_.mode == *mode;
  const int changed =
      found < 0 || is_as_wanted ? found : engine.set_path_mode(endpoint.path(), *mode);
  if (changed < 0) {
    return fail(engine::operation_error(changed, "set the permissions of", endpoint.to_string()));
  }
  return bound;
}

void BoundPath::remove() noexcept {
  if (path_.empty()) return;
  Engine& engine = Engine::current();
  PathStatus now;
  const bool is_ours =
      engine.path_status(path_, now) == 0 && now.device == ours_.device && now.inode == ours_.inode;
  if (is_ours) engine.remove_path(path_);
  path_.clear();
}

PathLock::~PathLock() {
  if (lock_) Engine::current().unlock_file(path_, std::move(lock_));
}

Result<PathLock> PathLock::take(const Endpoint& endpoint) {
  std::string path = endpoint.path() + ".lock";
  const int taken = Engine::current().lock_file(path);
  if (taken >= 0) return PathLock(std::move(path), UniqueFd(taken));
  if (taken == -EAGAIN) {
    return refuse(endpoint, "another program is about to listen there",
                  "stop it, or choose another path", EADDRINUSE);
  }
  Error error = engine::operation_error(taken, "listen on", endpoint.to_string());
  if (error.kind == ErrorKind::not_found) {
    error.advice = "its directory must exist";
  } else {
    error.advice = "it must be possible to make '" + path + "' for a moment";
  }
  return fail(std::move(error));
}

Result<void> clear_stale_path(const Endpoint& endpoint) {
  PathStatus status;
  if (Engine::current().path_status(endpoint.path(), status) < 0) return {};
  if (!status.is_socket) {
    return refuse(
        endpoint,
        status.is_directory ? "there is a directory" : "there is a file that is not a socket",
        "it is left alone: choose another path");
  }
  if (!is_abandoned(endpoint)) {
    return refuse(endpoint, "another program listens there already",
                  "stop it, or choose another path", EADDRINUSE);
  }
  const int removed = Engine::current().remove_path(endpoint.path());
  if (removed < 0) {
    return fail(
        engine::operation_error(removed, "replace the abandoned socket", endpoint.to_string()));
  }
  return {};
}

}  // namespace hotline::net
