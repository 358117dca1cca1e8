#include "engine/name_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "hotline/engine/offload.h"

namespace hotline::engine {
namespace {

struct Answer {
  int failed = 0;
  int native_code = 0;
  std::vector<SocketAddress> addresses;
};

Answer ask(const std::string& host, const std::string& port, int socket_type, int flags) {
  addrinfo wanted{};
  wanted.ai_socktype = socket_type;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  Answer answer;
  answer.failed =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &wanted, &found);
  answer.native_code = answer.failed == EAI_SYSTEM ? errno : 0;
  if (answer.failed != 0) return answer;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    answer.addresses.emplace_back(each->ai_addr, each->ai_addrlen);
  }
  return answer;
}

Error lookup_error(const Answer& answer, const std::string& host) {
  if (answer.failed == EAI_SYSTEM) return system_error(answer.native_code, "look up", host);
  return make_error(ErrorKind::unreachable, "look up", host, ::gai_strerror(answer.failed),
                    "check the spelling, or give a numeric address");
}

}  // namespace

Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port,
                                           int socket_type, LookupPurpose purpose) {
  const int passive = purpose == LookupPurpose::bind ? AI_PASSIVE : 0;
  const std::string port_text = std::to_string(port);
  Answer answer = ask(host, port_text, socket_type, passive | AI_NUMERICHOST);
  if (answer.failed == 0) return std::move(answer.addresses);
  auto looked_up = offload([=] { return ask(host, port_text, socket_type, passive); });
  if (!looked_up) {
    looked_up.error().operation = "look up";
    looked_up.error().endpoint = host;
    return fail(std::move(looked_up.error()));
  }
  if (looked_up->failed != 0) return fail(lookup_error(*looked_up, host));
  return std::move(looked_up->addresses);
}

}  // namespace hotline::engine
