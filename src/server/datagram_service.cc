#include "server/datagram_service.h"

#include "server/dispatcher.h"
#include "server/handler_failure.h"
#include "server/retry_pause.h"

namespace hotline::server {

void serve_datagrams(ServerState& state, Service& service, DatagramSocket& socket) noexcept {
  const RunningCount::Run run(service.receivers);
  if (service.handler.takes_messages()) return Dispatcher(state, service, socket).run();
  const auto serve = [&] { service.handler.datagram()(socket); };
  const auto report = [&](const char* what) {
    report_throw(state, *service.tally, service.name, "the handler failed; it is called again",
                 nullptr, what);
  };
  // A handler that moved the socket away cannot be called again.
  while (!comes_back(serve, report) && socket && pause_before_retry()) {
  }
}

}  // namespace hotline::server
