#include "cli/traffic_printer.h"

namespace hotline::cli {

void TrafficPrinter::received(const Endpoint& peer, Bytes bytes) noexcept {
  print(bytes.empty() ? "<- (empty)" : "<-", peer, bytes);
}

void TrafficPrinter::sent(const Endpoint& peer, Bytes bytes) noexcept {
  print(bytes.empty() ? "-> (empty)" : "->", peer, bytes);
}

void TrafficPrinter::print(std::string_view arrow, const Endpoint& peer, Bytes bytes) noexcept {
  try {
    LogRecord record;
    record.level = LogLevel::debug;
    record.message = arrow;
    record.peer = peer.to_string();
    record.detail = escape(bytes);
    log_.write(record);
  } catch (...) {
    // Without memory for it, the line is left out of the log; the call goes on.
  }
}

}  // namespace hotline::cli
