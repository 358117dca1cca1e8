#include "server/challenged_calls.h"

#include <string>
#include <utility>

#include "hotline/auth/challenge.h"
#include "server/service.h"

namespace hotline::server {
namespace {

constexpr char kChallengeAdvice[] =
    "a challenge does not encrypt: listen on 127.0.0.1, ::1 or unix:, or use tls://; "
    "'hotline serve --insecure' permits it";

Result<void> check_can_challenge(const OptionTaker& taker, const Service& service) {
  if (is_datagram(service.wanted.transport())) {
    return fail(taker.refuse("datagrams cannot be authenticated: the option 'auth' is for streams",
                             "use tcp:// or unix:, with ?framing= for messages"));
  }
  if (!service.handler.authenticator()) return {};
  return fail(taker.refuse("the service authenticates its callers itself",
                           "leave auth= and secret-file= out"));
}

}  // namespace

Result<void> take_challenge(OptionTaker& taker, Service& service) {
  auto challenge = Challenge::take_from(taker);
  if (!challenge) return fail(std::move(challenge.error()));
  if (!*challenge) return {};
  if (auto can = check_can_challenge(taker, service); !can) return can;
  service.challenge = std::make_shared<Replaceable<Challenge>>(
      std::make_shared<const Challenge>(std::move(**challenge)));
  service.handler.only_local(kChallengeAdvice);
  service.handler.authenticate([challenge = service.challenge](Stream& call) -> Result<Identity> {
    const auto current = challenge->get();
    if (auto checked = current->check_caller(call); !checked) return fail(checked.error());
    return Identity{std::string(name_of(current->scheme))};
  });
  return {};
}

Result<Reloaded> read_challenge_again(const Service& service) {
  if (!service.challenge) return [] {};
  OptionTaker taker(service.wanted, Side::server);
  auto read = Challenge::take_from(taker);
  if (!read) return fail(std::move(read.error()));
  return [challenge = service.challenge,
          read = std::make_shared<const Challenge>(std::move(**read))] { challenge->set(read); };
}

}  // namespace hotline::server
