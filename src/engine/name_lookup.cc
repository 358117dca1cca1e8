#include "engine/name_lookup.h"

#include <netdb.h>

#include "engine/engine.h"
#include "hotline/engine/offload.h"

namespace hotline::engine {
namespace {

Error lookup_error(const NameAnswer& answer, const std::string& host) {
  if (answer.failed == EAI_SYSTEM) return system_error(answer.native_code, "look up", host);
  return make_error(ErrorKind::unreachable, "look up", host, ::gai_strerror(answer.failed),
                    "check the spelling, or give a numeric address");
}

}  // namespace

Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port,
                                           int socket_type, LookupPurpose purpose) {
  const int flags = AI_NUMERICSERV | (purpose == LookupPurpose::bind ? AI_PASSIVE : 0);
  NameQuestion question{host, std::to_string(port), socket_type, flags | AI_NUMERICHOST};
  NameAnswer answer = Engine::current().look_up(question);
  if (answer.failed == 0) return std::move(answer.addresses);
  question.flags = flags;
  auto looked_up = offload([question] { return Engine::current().look_up(question); });
  if (!looked_up) {
    looked_up.error().operation = "look up";
    looked_up.error().endpoint = host;
    return fail(std::move(looked_up.error()));
  }
  if (looked_up->failed != 0) return fail(lookup_error(*looked_up, host));
  return std::move(looked_up->addresses);
}

}  // namespace hotline::engine
