#include "services/attached_client.h"

#include <new>
#include <optional>
#include <string_view>

#include "services/client_farewell.h"
#include "services/exit_message.h"
#include "services/flow_trailer.h"

namespace hotline::services {
namespace {

constexpr std::string_view kNoMemory = "the server has no memory left";

std::uint8_t flow_of(OutputStream output) {
  return output == OutputStream::standard_output ? kOutputFlow : kErrorFlow;
}

}  // namespace

Result<void> AttachedClient::accept(Bytes answer) {
  auto accepted = stream_.accept(answer);
  if (accepted) rules_.note_accepted();
  return accepted;
}

Result<std::size_t> AttachedClient::wait_room(OutputStream output) {
  return stream_.wait_credit(flow_of(output));
}

Result<void> AttachedClient::put(OutputStream output, Bytes bytes) {
  return stream_.write(flow_of(output), bytes);
}

void AttachedClient::refuse(const CommandFault& fault) { stream_.reset(fault.code, fault.text); }

bool AttachedClient::take_messages(const std::function<void(const ClientMessage&)>& take) {
  try {
    return receive_messages(take);
  } catch (const std::bad_alloc&) {
    stream_.reset(ResetCode::failed, kNoMemory);
    return false;
  }
}

bool AttachedClient::receive_messages(const std::function<void(const ClientMessage&)>& take) {
  while (const auto received = stream_.receive()) {
    const auto message =
        rules_.take_message(received->type, received->flags, as_bytes(received->payload));
    if (!message) {
      refuse(message.error());
      return false;
    }
    if (*message) take(**message);
  }
  return stream_.flow_end(kMessageFlow).has_value();
}

void AttachedClient::take_input(const std::function<void(Bytes)>& write,
                                const std::function<void()>& end) {
  try {
    read_input(write, end);
  } catch (const std::bad_alloc&) {
    stream_.reset(ResetCode::failed, kNoMemory);
  }
}

void AttachedClient::read_input(const std::function<void(Bytes)>& write,
                                const std::function<void()>& end) {
  while (const auto bytes = stream_.read(kInputFlow)) {
    if (bytes->empty()) {
      const auto flow_end = stream_.flow_end(kInputFlow).value();
      const auto taken = rules_.take_input_end(flow_end.total, as_bytes(flow_end.trailer));
      if (!taken) return refuse(taken.error());
      if (rules_.has_input_ended()) end();
      return;
    }
    const auto taken = rules_.take_input(*bytes);
    if (!taken) return refuse(taken.error());
    // What comes after CANCEL or DETACH is dropped.
    if (!rules_.has_left()) write(*bytes);
  }
}

void AttachedClient::wait_cut() { discard(stream_.wait_cut()); }

Result<void> AttachedClient::send_outputs_end(const OutputTrailer& output,
                                              const OutputTrailer& error) {
  auto ended = stream_.end(kOutputFlow, as_bytes(encode_trailer(output)));
  if (ended) ended = stream_.end(kErrorFlow, as_bytes(encode_trailer(error)));
  return ended;
}

Result<void> AttachedClient::send_exit(const CommandExit& exit) {
  rules_.note_exited();
  return stream_.send(command_message(CommandMessage::exit, encode_exit(exit)));
}

void AttachedClient::finish() {
  end_and_wait(stream_, [this](const ReceivedMessage& late) -> std::optional<CommandFault> {
    const auto taken = rules_.take_message(late.type, late.flags, as_bytes(late.payload));
    return taken ? std::nullopt : std::optional(taken.error());
  });
}

}  // namespace hotline::services
