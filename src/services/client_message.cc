#include "services/client_message.h"

#include "hotline/services/signal_name.h"

namespace hotline::services {
namespace {

using Decoded = std::expected<ClientMessage, CommandFault>;

Decoded malformed_message(std::string_view text) {
  return std::unexpected(CommandFault{.text = std::string(text)});
}

Decoded decode_signal_message(Bytes payload) {
  const auto number = signal_on_wire(as_text(payload));
  if (!number) return malformed_message("a message names no signal");
  return SignalMessage{*number};
}

Decoded decode_resize_message(Bytes payload) {
  if (payload.size() != kTerminalSizeBytes) return malformed_message("RESIZE has a wrong size");
  const TerminalSize size = decode_terminal_size(payload);
  if (size.rows == 0 || size.columns == 0) return malformed_message("RESIZE has a size of 0");
  return ResizeMessage{size};
}

std::string payload_of(const SignalMessage& message) {
  return std::string(signal_name(message.signal));
}
std::string payload_of(const ResizeMessage& message) { return encode_terminal_size(message.size); }
std::string payload_of(const CancelMessage&) { return {}; }
std::string payload_of(const DetachMessage&) { return {}; }

}  // namespace

CommandMessage type_of(const ClientMessage& message) {
  // The types of messages are in the same order.
  static_assert(static_cast<int>(CommandMessage::detach) - kFirstMessageType + 1 ==
                std::variant_size_v<ClientMessage>);
  return static_cast<CommandMessage>(kFirstMessageType + message.index());
}

std::string encode_client_message(const ClientMessage& message) {
  return std::visit([](const auto& each) { return payload_of(each); }, message);
}

std::expected<ClientMessage, CommandFault> decode_client_message(std::uint8_t type,
                                                                 std::uint8_t flags,
                                                                 Bytes payload) {
  if (flags != 0) return malformed_message("a message has a flag");
  const auto message = static_cast<CommandMessage>(type);
  if (message == CommandMessage::signal) return decode_signal_message(payload);
  if (message == CommandMessage::resize) return decode_resize_message(payload);
  const bool is_cancel = message == CommandMessage::cancel;
  if (!is_cancel && message != CommandMessage::detach) {
    return malformed_message("a client does not send messages of this type");
  }
  if (!payload.empty()) return malformed_message("CANCEL and DETACH have no payload");
  if (is_cancel) return CancelMessage{};
  return DetachMessage{};
}

}  // namespace hotline::services
