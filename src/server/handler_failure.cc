#include "server/handler_failure.h"

namespace hotline::server {

void report_throw(const ServerState& state, Tally& tally, const std::string& service,
                  std::string_view message, const Endpoint* peer, const char* what) noexcept {
  tally.handler_failures.fetch_add(1, std::memory_order_relaxed);
  state.log(LogLevel::error, message, service, peer, what);
}

}  // namespace hotline::server
