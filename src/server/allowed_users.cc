#include "server/allowed_users.h"

#include <string>

#include "engine/engine.h"
#include "server/service.h"

namespace hotline::server {
namespace {

constexpr unsigned kOwnerMode = 0600;
constexpr std::uint32_t kRoot = 0;

bool is_path(const Endpoint& endpoint) {
  return !endpoint.path().empty() && !endpoint.is_abstract();
}

bool has_users(const Endpoint& endpoint) {
  const Transport transport = endpoint.transport();
  return transport == Transport::unix_ || transport == Transport::unixgram ||
         transport == Transport::fd;
}

}  // namespace

Result<void> take_allowed_users(OptionTaker& taker, Service& service) {
  const auto word = taker.take("allow");
  if (!word) return fail(word.error());
  const std::string allowed = word->value_or("");
  if (*word && allowed != "owner" && allowed != "any") {
    return fail(taker.refuse("the option 'allow' is neither owner nor any", "write allow=any"));
  }
  if (*word && !has_users(service.wanted)) {
    return fail(
        taker.refuse("the option 'allow' is for UNIX sockets: others do not tell whose "
                     "process calls",
                     "leave it out, or use unix:"));
  }
  // Whoever gives a mode has said who may call.
  const bool is_by_default = !*word && service.handler.is_only_owner() && !service.socket.mode;
  service.is_only_owner = has_users(service.wanted) && (is_by_default || allowed == "owner");
  if (service.is_only_owner && is_path(service.wanted) && !service.socket.mode) {
    service.socket.mode = kOwnerMode;
  }
  return {};
}

Result<void> check_senders(const Service& service) {
  const bool is_told = service.bound.transport() != Transport::unixgram || is_path(service.wanted);
  if (!service.is_only_owner || is_told) return {};
  return fail(make_error(ErrorKind::permission_denied, "serve",
                         service.bound.format_without_options(),
                         "every user of this machine could send to '" + service.name +
                             "', and datagrams do not tell whose they are",
                         "use a path, unixgram:///..., or say allow=any"));
}

Result<void> check_user(const Service& service, const Stream& call) {
  if (!service.is_only_owner || call.peer().transport() != Transport::unix_) return {};
  const auto peer = call.peer_credentials();
  if (!peer) return fail(peer.error());
  if (peer->uid == kRoot || peer->uid == engine::Engine::current().effective_user()) return {};
  return fail(make_error(ErrorKind::permission_denied, {}, {},
                         "its user is " + std::to_string(peer->uid) +
                             ", and only the server's own and root may call"));
}

}  // namespace hotline::server
