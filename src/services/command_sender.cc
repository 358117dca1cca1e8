#include "services/command_sender.h"

#include <algorithm>
#include <utility>

#include "hotline/services/signal_name.h"
#include "services/command_answer.h"
#include "services/stream_failure.h"

namespace hotline::services {
namespace {

constexpr std::string_view kSendTo = "send to the command at";

// Small enough for one frame of a session by this wire: it is sent as a whole, or not at all.
constexpr std::size_t kInputPieceMax = 64U << 10;

/// Returns true if a terminal can have so many rows or columns.
bool is_side(std::size_t count) { return count > 0 && count <= 0xffff; }

}  // namespace

CommandSender::CommandSender(Permissions permissions, std::string endpoint)
    : permissions_(permissions),
      endpoint_(std::move(endpoint)),
      input_(permissions.is_kept ? InputMemory::keeps_tail : InputMemory::none,
             permissions.input_begin) {}

Result<void> CommandSender::begin(std::shared_ptr<SessionStream> stream, Deadline deadline) {
  const auto input = input_mutex_.lock(deadline);
  if (!input) return fail(input.error());
  const auto messages = message_mutex_.lock(deadline);
  if (!messages) return fail(messages.error());
  {
    const std::lock_guard held(stream_mutex_);
    stream_ = stream;
  }
  is_input_begun_ = false;
  is_flow_ended_ = false;
  has_left_ = false;
  has_detached_ = false;
  if (permissions_.has_input) return {};
  if (auto begun = input_.begin(false, 0); !begun) return begun;
  // A stream that has ended already is the reader's to notice.
  discard(end_flow(*stream));
  return {};
}

std::shared_ptr<SessionStream> CommandSender::stream() const {
  const std::lock_guard held(stream_mutex_);
  return stream_;
}

Result<void> CommandSender::write(Bytes bytes, Deadline deadline) {
  if (!permissions_.has_input) {
    return fail(misuse("the command takes no input", "ask for it with CommandInput::stream"));
  }
  const auto lock = input_mutex_.lock(deadline);
  if (!lock) return fail(lock.error());
  if (is_input_ended_) return fail(misuse("its input was ended"));
  if (is_over_) return fail(ended());
  const auto stream = this->stream();
  if (auto begun = begin_input(*stream, deadline); !begun) return begun;
  if (auto sent = send_unsent(*stream, deadline); !sent) return sent;
  while (!bytes.empty()) {
    std::size_t size = input_.skipped(bytes.size());
    if (size == 0) {
      const auto written = write_piece(*stream, bytes, deadline);
      if (!written) return fail(written.error());
      size = *written;
    }
    input_.add(bytes.first(size));
    input_size_ = input_.added();
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<void> CommandSender::end_input(Deadline deadline) {
  if (!permissions_.has_input) return {};
  const auto lock = input_mutex_.lock(deadline);
  if (!lock) return fail(lock.error());
  is_input_ended_ = true;
  if (is_flow_ended_) return {};
  if (is_over_) return fail(ended());
  const auto stream = this->stream();
  if (auto begun = begin_input(*stream, deadline); !begun) return begun;
  if (auto sent = send_unsent(*stream, deadline); !sent) return sent;
  if (!input_.is_level()) {
    return fail(misuse("the server has more of the input than was written",
                       "write the command's whole input, from its first byte on"));
  }
  if (auto ended = end_flow(*stream); !ended) return fail(fault_of(*stream, ended.error()));
  return {};
}

/// Waits for the server's answer, which says where the input begins.
Result<void> CommandSender::begin_input(SessionStream& stream, Deadline deadline) {
  if (is_input_begun_) return {};
  const auto bytes = stream.answer(deadline);
  if (!bytes) return fail(fault_of(stream, bytes.error()));
  const auto answer = decode_answer(*bytes);
  // The reader says what is wrong with it.
  if (!answer) return fail(ended());
  auto begun = input_.begin(answer->input_offset.has_value(), answer->input_offset.value_or(0));
  if (!begun) begun.error().endpoint = endpoint_;
  is_input_begun_ = begun.has_value();
  return begun;
}

Result<void> CommandSender::send_unsent(SessionStream& stream, Deadline deadline) {
  for (Bytes unsent = input_.unsent(); !unsent.empty(); unsent = input_.unsent()) {
    const auto written = write_piece(stream, unsent, deadline);
    if (!written) return fail(written.error());
    input_.note_sent(*written);
  }
  return {};
}

/// Writes a piece at the beginning of `bytes`, and returns its size. After a failure nothing of it
/// was sent.
Result<std::size_t> CommandSender::write_piece(SessionStream& stream, Bytes bytes,
                                               Deadline deadline) {
  const auto credit = stream.wait_credit(kInputFlow, deadline);
  if (!credit) return fail(fault_of(stream, credit.error()));
  const Bytes piece = bytes.first(std::min({bytes.size(), *credit, kInputPieceMax}));
  auto written = stream.write(kInputFlow, piece, deadline);
  if (!written) return fail(fault_of(stream, std::move(written.error())));
  return piece.size();
}

Result<void> CommandSender::end_flow(SessionStream& stream) {
  const std::string trailer = encode_trailer(input_.trailer());
  auto ended = stream.end(kInputFlow, as_bytes(trailer));
  is_flow_ended_ = ended.has_value();
  return ended;
}

Result<void> CommandSender::send(const ClientMessage& message, Deadline deadline) {
  if (auto checked = check_message(message); !checked) return checked;
  const auto lock = message_mutex_.lock(deadline);
  if (!lock) return fail(lock.error());
  if (is_over_ || has_left_) return fail(ended());
  const auto stream = this->stream();
  if (const auto answer = stream->answer(deadline); !answer) {
    return fail(fault_of(*stream, answer.error()));
  }
  // Before it is sent: the reader may see its effect at once.
  const bool is_detach = std::holds_alternative<DetachMessage>(message);
  if (is_detach) has_detached_ = true;
  const std::string payload = encode_client_message(message);
  auto sent = stream->send(command_message(type_of(message), payload), deadline);
  if (is_detach) has_detached_ = sent.has_value();
  if (!sent) return fail(fault_of(*stream, std::move(sent.error())));
  has_left_ = is_detach || std::holds_alternative<CancelMessage>(message);
  return {};
}

Result<void> CommandSender::check_message(const ClientMessage& message) const {
  const auto* const signal = std::get_if<SignalMessage>(&message);
  if (signal != nullptr && signal_name(signal->signal).empty()) {
    return fail(misuse("signal " + std::to_string(signal->signal) + " has no standard name"));
  }
  const auto* const resize = std::get_if<ResizeMessage>(&message);
  if (resize != nullptr && !permissions_.has_terminal) {
    return fail(misuse("it has no terminal", "ask for one with RemoteCommand::terminal"));
  }
  if (resize != nullptr && !(is_side(resize->size.rows) && is_side(resize->size.columns))) {
    return fail(misuse("a terminal has 1 to 65535 rows and columns"));
  }
  if (std::holds_alternative<DetachMessage>(message) && !permissions_.is_kept) {
    return fail(misuse("the server does not keep it", "ask for that with RemoteCommand::keep"));
  }
  return {};
}

Result<void> CommandSender::cancel(Deadline deadline) {
  if (!is_over_ && !stream()->answer(kNoWait)) {
    abort();
    return {};
  }
  return send(CancelMessage{}, deadline);
}

void CommandSender::abort() {
  if (is_over_) return;
  is_aborted_ = true;
  stream()->reset(ResetCode::cancelled);
}

void CommandSender::finish() {
  is_over_ = true;
  const auto input = input_mutex_.try_lock();
  const auto messages = message_mutex_.try_lock();
  const auto stream = this->stream();
  // A reset also ends the wait of one that writes to a command that has ended.
  const bool is_in_order = input && messages && end_unused_input(*stream);
  if (!is_in_order || !stream->end_messages()) stream->reset(ResetCode::not_needed);
}

/// Ends the flow if that is still to be done. Returns false if it is not possible in order.
bool CommandSender::end_unused_input(SessionStream& stream) {
  if (is_flow_ended_) return true;
  return begin_input(stream, kNoWait) && input_.is_level() && end_flow(stream);
}

/// Returns what the failure of a call means: the end of the stream, or just of the wait.
Error CommandSender::fault_of(SessionStream& stream, Error error) const {
  return is_over_ || stream_failure(stream) ? ended() : std::move(error);
}

Error CommandSender::ended() const {
  return make_error(ErrorKind::closed, kSendTo, endpoint_,
                    "it has ended, or its connection has, or it is being cancelled");
}

Error CommandSender::misuse(std::string detail, std::string advice) const {
  return make_error(ErrorKind::invalid_argument, kSendTo, endpoint_, std::move(detail),
                    std::move(advice));
}

}  // namespace hotline::services
