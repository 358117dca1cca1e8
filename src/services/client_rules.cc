#include "services/client_rules.h"

#include <string>
#include <utility>

#include "services/flow_trailer.h"

namespace hotline::services {
namespace {

std::unexpected<CommandFault> against_rules(std::string_view text) {
  return std::unexpected(CommandFault{.text = std::string(text)});
}

}  // namespace

ClientRules::ClientRules(Command command)
    : command_(std::move(command)), is_first_stream_(command_.input_before.size() == 0) {}

std::expected<std::optional<ClientMessage>, CommandFault> ClientRules::take_message(
    std::uint8_t type, std::uint8_t flags, Bytes payload) {
  if (!is_accepted_) return against_rules("a message came before the command was accepted");
  if (has_left_) return against_rules("a message came after CANCEL or DETACH");
  const auto message = decode_client_message(type, flags, payload);
  if (!message) return std::unexpected(message.error());
  if (std::holds_alternative<ResizeMessage>(*message) && !command_.has_terminal) {
    return against_rules("RESIZE came for a command without a terminal");
  }
  const bool is_detach = std::holds_alternative<DetachMessage>(*message);
  if (is_detach && !command_.is_kept) {
    return against_rules("DETACH came for a command that is not kept");
  }
  has_detached_ = is_detach;
  has_left_ = is_detach || std::holds_alternative<CancelMessage>(*message);
  if (has_exited_) return std::nullopt;
  return *message;
}

std::expected<void, CommandFault> ClientRules::take_input(Bytes bytes) {
  if (command_.input == CommandInput::none) {
    return against_rules("input came for a command that takes none");
  }
  if (has_flow_ended_) return against_rules("input came after its end");
  command_.input_before.add(bytes);
  if (!is_first_stream_) flow_.add(bytes);
  return {};
}

std::expected<void, CommandFault> ClientRules::take_input_end(std::uint64_t total, Bytes trailer) {
  if (has_flow_ended_) return against_rules("the input ended twice");
  const auto decoded = decode_input_trailer(trailer);
  if (!decoded) return std::unexpected(decoded.error());
  const OutputDigest& flow = is_first_stream_ ? command_.input_before : flow_;
  if (total != flow.size()) return against_rules("the total of the input is wrong");
  if (decoded->flow != flow.value()) return against_rules("the digest of the input is wrong");
  if (decoded->whole && *decoded->whole != command_.input_before.value()) {
    return against_rules("the whole digest of the input is wrong");
  }
  has_flow_ended_ = true;
  has_input_ended_ = command_.input == CommandInput::stream && !has_detached_;
  return {};
}

const OutputDigest& ClientRules::input() const { return command_.input_before; }

}  // namespace hotline::services
