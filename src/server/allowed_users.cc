#include "server/allowed_users.h"

#include <string>
#include <string_view>

#include "engine/engine.h"
#include "server/service.h"

namespace hotline::server {
namespace {

constexpr unsigned kOwnerMode = 0600;
constexpr unsigned kOthersBits = 0077;
constexpr std::uint32_t kRoot = 0;
constexpr std::string_view kOnlyUnix =
    "the option 'allow' is for UNIX sockets: other sockets do not identify the calling user";

}  // namespace

bool has_users(const Endpoint& endpoint) {
  const Transport transport = endpoint.transport();
  return has_path(transport) || transport == Transport::fd;
}

Result<void> take_allowed_users(OptionTaker& taker, Service& service) {
  const auto word = taker.take("allow", Side::server);
  if (!word) return fail(word.error());
  const std::string allowed = word->value_or("");
  if (*word && allowed != "owner" && allowed != "any") {
    return fail(taker.refuse("the option 'allow' is neither owner nor any",
                             "write allow=owner or allow=any"));
  }
  if (*word && !has_users(service.wanted)) {
    return fail(taker.refuse(std::string(kOnlyUnix), "leave it out, or use unix:"));
  }
  // The mode of a path decides which users may call. Other endpoints have no permission bits.
  const bool is_path = service.wanted.is_unix_path();
  const bool has_mode = is_path && service.socket.mode;
  service.must_tell_users = allowed == "owner";
  const bool is_by_default = !*word && service.handler.is_only_owner() && !has_mode;
  service.is_only_owner = has_users(service.wanted) && (is_by_default || service.must_tell_users);
  if (service.is_only_owner && is_path && !has_mode) service.socket.mode = kOwnerMode;
  return {};
}

Result<void> check_senders(const Service& service) {
  if (!service.is_only_owner) return {};
  const auto refuse = [&](ErrorKind kind, std::string detail, std::string advice) {
    return fail(
        make_error(kind, "serve", service.bound.to_string(), std::move(detail), std::move(advice)));
  };
  const Transport transport = service.bound.transport();
  if (service.must_tell_users && !has_users(service.bound)) {
    return refuse(ErrorKind::invalid_argument, std::string(kOnlyUnix),
                  "leave it out, or use unix:");
  }
  // Datagrams are not checked one by one: the bits of the path must exclude other users.
  const bool is_closed_to_others = service.wanted.is_unix_path() &&
                                   (service.socket.mode.value_or(kOthersBits) & kOthersBits) == 0;
  if (transport != Transport::unixgram || is_closed_to_others) return {};
  return refuse(ErrorKind::permission_denied,
                "other users of this machine could send to '" + service.name +
                    "', and datagrams do not identify their senders",
                "use a path with mode=600, unixgram:///..., or say allow=any");
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
