#include "services/command_protocol.h"

#include <array>
#include <bit>

#include "hotline/core/byte_order.h"
#include "hotline/services/signal_name.h"
#include "services/client_session.h"

namespace hotline::services {

SessionFlows flows_of(RequestKind kind) {
  if (kind <= RequestKind::attach) return {.from_opener = 1, .from_accepter = 2};
  return {};
}

SessionOptions command_session_options(SessionRole role) {
  SessionOptions options;
  options.protocol = kCommandProtocol;
  options.message_types = kCommandMessageTypes;
  options.frame_max = kCommandFrameMax;
  options.message_credit = 2 * kCommandFrameMax;
  options.flows_max = kErrorFlow + 1;
  return opened_by_clients(options, role);
}

SessionMessage command_message(CommandMessage type, std::string_view payload) {
  return critical_message(static_cast<std::uint8_t>(type), payload);
}

std::optional<int> signal_on_wire(std::string_view name) {
  const auto number = signal_number(name);
  // That function also accepts SIGTERM.
  return number && signal_name(*number) == name ? number : std::nullopt;
}

std::string encode_terminal_size(TerminalSize size) {
  std::array<std::byte, kTerminalSizeBytes> bytes;
  store_number<std::endian::big>(static_cast<std::uint16_t>(size.rows), bytes.data());
  store_number<std::endian::big>(static_cast<std::uint16_t>(size.columns), bytes.data() + 2);
  return std::string(as_text(bytes));
}

TerminalSize decode_terminal_size(Bytes bytes) {
  return {.columns = load_number<std::endian::big, std::uint16_t>(bytes.data() + 2),
          .rows = load_number<std::endian::big, std::uint16_t>(bytes.data())};
}

}  // namespace hotline::services
