#include "net/bound_path.h"

#include <cerrno>

#include "engine/engine.h"
#include "engine/operations/connect.h"
#include "hotline/engine/clock.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

using engine::Engine;
using engine::PathStatus;

// A connection that is not answered at once is not refused either: somebody listens.
constexpr Duration kProbeTimeout = std::chrono::milliseconds(200);

// The socket of a killed server may outlive it for a moment, held by its ring, which the kernel
// takes down later.
constexpr int kProbes = 3;
constexpr Duration kProbePause = std::chrono::milliseconds(30);

std::unexpected<Error> refuse(const Endpoint& endpoint, std::string detail, std::string advice) {
  return fail(make_error(ErrorKind::address_in_use, "listen on", endpoint.format_without_options(),
                         std::move(detail), std::move(advice)));
}

bool is_refused(const Endpoint& endpoint, const SocketAddress& address, int socket_type) {
  auto channel = open_socket(address, socket_type, "probe", endpoint);
  if (!channel) return false;
  engine::Connect connect(**channel, address);
  return Engine::current().perform(connect, deadline_after(kProbeTimeout)) == -ECONNREFUSED;
}

bool is_abandoned(const Endpoint& endpoint, const SocketAddress& address, int socket_type) {
  for (int i = 0; i < kProbes; ++i) {
    if (is_refused(endpoint, address, socket_type)) return true;
    if (!sleep_for(kProbePause)) return false;
  }
  return false;
}

}  // namespace

Result<BoundPath> BoundPath::adopt(const Endpoint& endpoint, std::optional<unsigned> mode) {
  Engine& engine = Engine::current();
  BoundPath bound;
  const int found = engine.path_status(endpoint.path(), bound.ours_);
  // Later nothing will tell it from another's: it is removed while it must be ours.
  if (found < 0) engine.remove_path(endpoint.path());
  bound.path_ = endpoint.path();
  const int changed = found < 0 || !mode ? found : engine.set_path_mode(endpoint.path(), *mode);
  if (changed < 0) {
    return fail(engine::operation_error(changed, "set the permissions of",
                                        endpoint.format_without_options()));
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

Result<void> clear_stale_path(const Endpoint& endpoint, const SocketAddress& address,
                              int socket_type) {
  PathStatus status;
  if (Engine::current().path_status(endpoint.path(), status) < 0) return {};
  if (!status.is_socket) {
    return refuse(endpoint,
                  status.is_directory ? "there is a directory"
                                      : "there is a file that is not a socket",
                  "it is left alone: choose another path");
  }
  if (!is_abandoned(endpoint, address, socket_type)) {
    return refuse(endpoint, "somebody listens there already", "stop it, or choose another path");
  }
  const int removed = Engine::current().remove_path(endpoint.path());
  if (removed < 0) {
    return fail(engine::operation_error(removed, "replace the abandoned socket",
                                        endpoint.format_without_options()));
  }
  return {};
}

}  // namespace hotline::net
