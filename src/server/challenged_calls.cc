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
  service.has_challenge = true;
  service.handler.only_local(kChallengeAdvice);
  service.handler.authenticate(
      [challenge = std::move(**challenge)](Stream& call) -> Result<Identity> {
        if (auto checked = challenge.check_caller(call); !checked) return fail(checked.error());
        return Identity{std::string(name_of(challenge.scheme))};
      });
  return {};
}

}  // namespace hotline::server
