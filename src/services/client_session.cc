#include "services/client_session.h"

namespace hotline::services {

SessionOptions opened_by_clients(SessionOptions common, SessionRole role) {
  if (role == SessionRole::client) common.streams_max = 0;
  if (role == SessionRole::server) common.opened_max = 0;
  return common;
}

SessionMessage critical_message(std::uint8_t type, std::string_view payload) {
  return {.type = type, .is_critical = true, .payload = as_bytes(payload)};
}

}  // namespace hotline::services
