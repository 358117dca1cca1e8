#include "services/command_reader.h"

#include <utility>

#include "hotline/services/command_refusal.h"
#include "services/stream_failure.h"

namespace hotline::services {
namespace {

constexpr std::string_view kKnowEnd = "know the end of a command at";

CommandEvent::Kind kind_of(std::uint8_t flow) {
  return flow == kOutputFlow ? CommandEvent::Kind::output : CommandEvent::Kind::error;
}

}  // namespace

CommandReader::CommandReader(const Request& request, std::string endpoint, CommandSender& sender)
    : request_(request),
      endpoint_(std::move(endpoint)),
      sender_(sender),
      proof_(request.on_excess, endpoint_) {
  if (request.is_detached) proof_.leave();
}

Result<CommandStart> CommandReader::started(Deadline deadline) {
  if (auto waited = wait_answer(deadline); !waited) return fail(std::move(waited.error()));
  return CommandStart{.job = answer_->job,
                      .pid = answer_->pid,
                      .started = answer_->started,
                      .is_repeated = answer_->is_repeated,
                      .output_offset = answer_->output_offset,
                      .error_offset = answer_->error_offset,
                      .has_terminal = answer_->has_terminal,
                      .takes_input = answer_->input_offset.has_value(),
                      .keep = answer_->keep};
}

/// Waits for the answer on the first stream that gets one.
Result<void> CommandReader::wait_answer(Deadline deadline) {
  if (answer_) return {};
  if (failure_) return fail(*failure_);
  auto answer = answer_on(*stream_, request_.from, deadline);
  if (answer) {
    answer_ = *answer;
    return proof_.begin(*answer);
  }
  if (!stream_failure(*stream_)) return fail(std::move(answer.error()));
  is_cut_ = answer.error().kind == ErrorKind::truncated;
  failure_ = std::move(answer.error());
  return fail(*failure_);
}

/// Returns what the server answers on `stream`. An answer that cannot be right resets it.
Result<CommandAnswer> CommandReader::answer_on(SessionStream& stream,
                                               const std::optional<Offsets>& from,
                                               Deadline deadline) {
  refusal_.reset();
  const auto bytes = stream.answer(deadline);
  if (!bytes) return fail(no_answer(stream, bytes.error()));
  const auto answer = decode_answer(*bytes);
  std::string fault;
  if (!answer) {
    fault = answer.error().text;
  } else if (from &&
             (answer->output_offset != from->output || answer->error_offset != from->error)) {
    fault = "the server begins elsewhere in the output than where it was to begin";
  }
  if (fault.empty()) return *answer;
  stream.reset(reset_code(CommandRefusal::malformed), fault);
  return fail(make_error(ErrorKind::protocol_violation, kKnowEnd, endpoint_, std::move(fault),
                         "use the same version of both programs"));
}

/// Returns why there is no answer.
Error CommandReader::no_answer(SessionStream& stream, Error error) {
  if (sender_.is_aborted()) return aborted();
  if (const auto reset = stream.reset_by_peer()) {
    refusal_ = command_refusal(reset->code);
    not_started_ = exit_of_refusal(reset->code, reset->text);
    return refusal_error(reset->code, reset->text, endpoint_, request_.operation);
  }
  if (!stream_failure(stream)) {
    return error_of_request(std::move(error), request_.operation, endpoint_);
  }
  return make_error(ErrorKind::truncated, kKnowEnd, endpoint_,
                    "the connection broke before the server answered: " + error.detail,
                    "the command may run: check before running it again");
}

Result<CommandEvent> CommandReader::next(Deadline deadline) {
  auto waited = wait_answer(deadline);
  if (not_started_) return CommandEvent{};
  if (!waited) return fail(std::move(waited.error()));
  while (!failure_ && proof_.state() == ProofState::open) {
    const auto flow = stream_->wait_any(deadline);
    if (!flow) return fail(lost(flow.error()));
    auto event = take(*flow);
    if (!event) return fail(conclude(std::move(event.error())));
    if (*event) return **event;
  }
  if (failure_) return fail(*failure_);
  return CommandEvent{};
}

/// Takes what has arrived for `flow`. Returns nullopt if the caller gets nothing of it.
Result<std::optional<CommandEvent>> CommandReader::take(std::uint8_t flow) {
  if (flow == kMessageFlow) {
    if (auto taken = take_message(); !taken) return fail(std::move(taken.error()));
    return std::nullopt;
  }
  const auto bytes = stream_->read(flow, kNoWait);
  if (!bytes) return fail(bytes.error());
  if (bytes->empty()) {
    const auto end = stream_->flow_end(flow).value_or(FlowEnd{});
    if (auto taken = proof_.take_end(flow, end.total, as_bytes(end.trailer)); !taken) {
      return fail(std::move(taken.error()));
    }
    return std::nullopt;
  }
  auto taken = proof_.take_data(flow, stream_offset(flow), *bytes);
  if (!taken) return fail(std::move(taken.error()));
  return CommandEvent{.kind = kind_of(flow), .bytes = *bytes};
}

/// Returns how many bytes of a flow were taken from this stream.
std::uint64_t CommandReader::stream_offset(std::uint8_t flow) const {
  return flow == kOutputFlow ? proof_.output_offset() - answer_->output_offset
                             : proof_.error_offset() - answer_->error_offset;
}

Result<void> CommandReader::take_message() {
  const auto message = stream_->receive(kNoWait);
  if (message)
    return proof_.take_message(message->type, message->flags, as_bytes(message->payload));
  const auto end = stream_->flow_end(kMessageFlow);
  if (!end) return fail(message.error());
  if (sender_.has_detached()) proof_.leave();
  auto taken = proof_.take_end(kMessageFlow, end->total, {});
  if (taken) sender_.finish();
  return taken;
}

/// Returns why nothing arrives: the stream has ended early, or just the wait has failed.
Error CommandReader::lost(Error error) {
  if (sender_.is_aborted()) {
    failure_ = aborted();
    return *failure_;
  }
  const auto reset = stream_->reset_by_peer();
  const auto failure = stream_failure(*stream_);
  if (!failure) return error_of_request(std::move(error), request_.operation, endpoint_);
  discard(reset ? proof_.take_reset(reset->code, reset->text) : proof_.take_cut());
  failure_ = proof_.result().error();
  if (!reset) failure_->detail += ": " + failure->detail;
  is_cut_ = true;
  return *failure_;
}

Error CommandReader::aborted() const {
  return make_error(ErrorKind::cancelled, kKnowEnd, endpoint_, "this client has aborted it");
}

/// Ends the stream because of what the server sent.
Error CommandReader::conclude(Error error) {
  failure_ = std::move(error);
  stream_->reset(reset_code(CommandRefusal::malformed), failure_->detail);
  return *failure_;
}

Result<void> CommandReader::resume(std::shared_ptr<SessionStream> stream, Deadline deadline) {
  const Offsets reached{.output = proof_.output_offset(), .error = proof_.error_offset()};
  auto answer = answer_on(*stream, answer_ ? reached : request_.from, deadline);
  if (not_started_) return {};
  if (!answer) return fail(std::move(answer.error()));
  if (auto begun = sender_.begin(stream, deadline); !begun) return begun;
  stream_ = std::move(stream);
  if (auto begun = proof_.begin(*answer); !begun) return fail(conclude(std::move(begun.error())));
  answer_ = std::move(*answer);
  failure_.reset();
  is_cut_ = false;
  return {};
}

Result<CommandExit> CommandReader::result() const {
  if (not_started_) return *not_started_;
  if (failure_) return fail(*failure_);
  return proof_.result();
}

}  // namespace hotline::services
