#include "server/allowed_callers.h"

#include <string>
#include <string_view>
#include <utility>

#include "engine/engine.h"
#include "server/service.h"

namespace hotline::server {
namespace {

constexpr unsigned kOwnerMode = 0600;
constexpr unsigned kEveryoneMode = 0666;
constexpr unsigned kOthersBits = 0077;

constexpr std::string_view kOnlyUnix =
    "'owner', 'uid:' and 'gid:' in allow= are for UNIX sockets: other sockets do not identify the "
    "calling user";
constexpr std::string_view kUseUnix = "leave them out, or use unix:";
constexpr std::string_view kNoSenders =
    "datagrams do not identify their senders, so allow= cannot choose among them";
constexpr std::string_view kUseStreams = "use unix: or tls://, with ?framing= for messages";
constexpr std::string_view kNamesAdvice =
    "use tls:// with keys, or with cert= and ca=; or uid:N at unix:";

/// What is wrong with a list, and what to do about it.
struct Mismatch {
  std::string_view detail{};
  std::string_view advice{};
};

/// Returns whether the callers at `endpoint` are, or may turn out to be, users of this machine.
bool has_users(const Endpoint& endpoint) {
  const Transport transport = endpoint.transport();
  return has_path(transport) || transport == Transport::fd;
}

/// Returns whether the callers may have names that they have proved.
bool has_names(const Service& service) {
  return is_protected(service.wanted.transport()) ||
         (service.handler.authenticator() && !service.challenge);
}

Mismatch mismatch_of_names(const Service& service) {
  if (service.challenge) {
    return {"auth= proves that a caller knows the secret, and not its name", kNamesAdvice};
  }
  return {"allow= lists names, and nothing proves the names of callers here", kNamesAdvice};
}

/// Returns an empty detail if the list can be obeyed at the endpoint.
Mismatch mismatch_of(const Service& service, const AllowedIdentities& listed) {
  if (listed.allows_any()) return {};
  const Endpoint& endpoint = service.wanted;
  if (!has_users(endpoint) && !has_names(service)) {
    if (is_datagram(endpoint.transport())) return {kNoSenders, kUseStreams};
    if (listed.names_users()) return {kOnlyUnix, kUseUnix};
    return mismatch_of_names(service);
  }
  if (endpoint.transport() == Transport::unixgram && !listed.is_owner_only()) {
    return {kNoSenders, "use unix: with ?framing=, allow=owner, or a path with mode="};
  }
  if (listed.names_users() && !has_users(endpoint)) return {kOnlyUnix, kUseUnix};
  if (listed.names_callers() && !has_names(service)) return mismatch_of_names(service);
  return {};
}

/// The bits of a path must let in the callers of the list: the list refuses the others.
void choose_mode(Service& service) {
  if (!service.wanted.is_unix_path() || service.socket.mode) return;
  if (service.allowed.is_owner_only()) service.socket.mode = kOwnerMode;
  const bool is_opened = service.has_allow_option && service.allowed.allows_any();
  if (is_opened || service.allowed.names_other_users()) service.socket.mode = kEveryoneMode;
}

Result<void> check_senders(const Service& service) {
  // Datagrams are not checked one by one: the bits of the path must exclude other users.
  const bool is_closed_to_others = service.wanted.is_unix_path() &&
                                   (service.socket.mode.value_or(kOthersBits) & kOthersBits) == 0;
  if (is_closed_to_others) return {};
  return fail(make_error(ErrorKind::permission_denied, "serve", service.bound.to_string(),
                         "other users of this machine could send to '" + service.name +
                             "', and datagrams do not identify their senders",
                         "use a path with mode=600, unixgram:///..., or say allow=any"));
}

}  // namespace

AllowedIdentities default_callers(const Handler& handler, const Endpoint& endpoint) {
  return handler.is_only_owner() && has_users(endpoint) ? AllowedIdentities::owner()
                                                        : AllowedIdentities();
}

Result<void> take_allowed_callers(OptionTaker& taker, Service& service) {
  const auto text = taker.take("allow", Side::server);
  if (!text) return fail(text.error());
  // The mode of a path decides which users may call. Other endpoints have no permission bits.
  const bool has_mode = service.wanted.is_unix_path() && service.socket.mode;
  if (!has_mode) service.allowed = default_callers(service.handler, service.wanted);
  if (*text) {
    auto listed = AllowedIdentities::parse(**text);
    if (!listed) {
      return fail(
          taker.refuse("the option 'allow': " + listed.error().detail, listed.error().advice));
    }
    if (const Mismatch found = mismatch_of(service, *listed); !found.detail.empty()) {
      return fail(taker.refuse(std::string(found.detail), std::string(found.advice)));
    }
    service.allowed = std::move(*listed);
    service.has_allow_option = true;
  }
  choose_mode(service);
  return {};
}

Result<void> check_allowed_callers(Service& service, const TlsFiles& tls) {
  const AllowedIdentities& allowed = service.allowed;
  const auto refuse = [&](std::string_view detail, std::string_view advice) {
    return fail(make_error(ErrorKind::invalid_argument, "serve", service.bound.to_string(),
                           std::string(detail), std::string(advice)));
  };
  if (allowed.names_users() && !has_users(service.bound)) {
    if (service.has_allow_option) return refuse(kOnlyUnix, kUseUnix);
    service.allowed = {};
  }
  const bool is_anonymous = !tls.certificate.empty() && tls.roots.empty();
  if (allowed.names_callers() && is_protected(service.bound.transport()) && is_anonymous &&
      (!service.handler.authenticator() || service.challenge)) {
    return refuse("allow= lists names, and callers need no certificate here",
                  "give ca= too, the roots of the callers' certificates");
  }
  if (service.bound.transport() != Transport::unixgram || allowed.allows_any()) return {};
  if (!allowed.is_owner_only()) return refuse(kNoSenders, kUseStreams);
  return check_senders(service);
}

bool allows(const Service& service, const Identity* identity) {
  if (service.allowed.allows_any()) return true;
  if (identity == nullptr) return false;
  const std::uint32_t owner = engine::Engine::current().effective_user();
  return service.allowed.allows({identity->proven_name(), identity->credentials}, owner);
}

}  // namespace hotline::server
