#include "engine/name_lookup.h"

#include <netdb.h>

#include "engine/engine.h"
#include "engine/event_loop.h"
#include "hotline/engine/offload.h"

namespace hotline::engine {
namespace {

Error lookup_error(const NameAnswer& answer, const std::string& host) {
  if (answer.failed == EAI_SYSTEM) return system_error(answer.native_code, "look up", host);
  return make_error(ErrorKind::unreachable, "look up", host, ::gai_strerror(answer.failed),
                    "check the spelling, or give a numeric address");
}

Result<std::vector<SocketAddress>> take(NameAnswer answer, const std::string& host) {
  if (answer.failed != 0) return fail(lookup_error(answer, host));
  return std::move(answer.addresses);
}

/// Returns true on a thread without a loop whose waits nothing ends.
bool may_block() {
  return EventLoop::running() == nullptr && Engine::current().interrupter() == nullptr;
}

}  // namespace

Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port,
                                           int socket_type, LookupPurpose purpose) {
  const int flags = AI_NUMERICSERV | (purpose == LookupPurpose::bind ? AI_PASSIVE : 0);
  NameQuestion question{host, std::to_string(port), socket_type, flags | AI_NUMERICHOST};
  NameAnswer answer = Engine::current().look_up(question);
  if (answer.failed == 0) return std::move(answer.addresses);
  question.flags = flags;
  // A thread of the pool would stay, and be outside of the walls of confine_program().
  if (purpose == LookupPurpose::bind && may_block()) {
    return take(Engine::current().look_up(question), host);
  }
  auto looked_up = offload([question] { return Engine::current().look_up(question); });
  if (!looked_up) {
    looked_up.error().operation = "look up";
    looked_up.error().endpoint = host;
    return fail(std::move(looked_up.error()));
  }
  return take(std::move(*looked_up), host);
}

}  // namespace hotline::engine
