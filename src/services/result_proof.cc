#include "services/result_proof.h"

#include <utility>

#include "hotline/services/command_refusal.h"
#include "services/command_protocol.h"
#include "services/exit_message.h"

namespace hotline::services {
namespace {

constexpr std::string_view kProofAdvice = "do not use the output: it is not what the command wrote";
constexpr std::string_view kCutAdvice =
    "the command may have run: check before running it again; a kept one can be attached to";

/// Returns true for ends that the server did not bring about: all of the output is expected.
bool is_own_end(ExitKind kind) { return kind == ExitKind::code || kind == ExitKind::signal; }

std::string bytes_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

}  // namespace

ResultProof::ResultProof(OutputExcess on_excess, std::string endpoint)
    : on_excess_(on_excess), endpoint_(std::move(endpoint)) {}

Result<void> ResultProof::begin(const CommandAnswer& answer) {
  const bool can_begin = has_begun_ ? state_ == ProofState::cut : state_ == ProofState::open;
  if (!can_begin) return refute("a stream began that was not to come");
  if (!begin_output(output_, answer.output_offset) || !begin_output(error_, answer.error_offset)) {
    return refute("the server goes on elsewhere than where the connection broke");
  }
  has_begun_ = true;
  state_ = ProofState::open;
  exit_.reset();
  failure_.reset();
  return {};
}

/// Returns false if a later stream does not continue the output.
bool ResultProof::begin_output(Output& output, std::uint64_t offset) const {
  if (has_begun_ && offset != output.offset()) return false;
  if (!has_begun_) {
    output.is_whole = offset == 0;
  } else if (output.is_whole && !output.whole && output.flow.size() > 0) {
    output.whole = output.flow;
  }
  if (output.flow.size() > 0) output.flow = OutputDigest();
  output.begin = offset;
  output.has_ended = false;
  output.dropped = 0;
  return true;
}

Result<void> ResultProof::take(const SessionEvent& event) {
  switch (event.kind) {
    case SessionEvent::Kind::data: return take_data(event.flow, event.offset, event.bytes);
    case SessionEvent::Kind::ended: return take_end(event.flow, event.offset, event.bytes);
    case SessionEvent::Kind::message: return take_message(event.type, event.flags, event.bytes);
    case SessionEvent::Kind::reset: return take_reset(event.code, as_text(event.bytes));
    case SessionEvent::Kind::failed: return take_cut();
    default: return fail_as_before();
  }
}

Result<void> ResultProof::take_data(std::uint8_t flow, std::uint64_t offset, Bytes bytes) {
  if (state_ != ProofState::open) return take_late("output");
  Output* output = output_of(flow);
  if (output == nullptr) return refute("the server sent a flow that it does not have");
  const std::string name(output->name);
  if (output->has_ended) return refute(name + " went on after its end");
  if (offset != output->flow.size()) return refute("a piece of " + name + " is missing");
  output->flow.add(bytes);
  if (output->whole) output->whole->add(bytes);
  return {};
}

Result<void> ResultProof::take_end(std::uint8_t flow, std::uint64_t total, Bytes trailer) {
  if (state_ != ProofState::open) return take_late("an end");
  if (flow == kMessageFlow) return take_stream_end();
  Output* output = output_of(flow);
  if (output == nullptr) return refute("the server ended a flow that it does not have");
  if (output->has_ended) return refute(std::string(output->name) + " ended twice");
  const auto decoded = decode_output_trailer(trailer);
  if (!decoded) return refute(decoded.error().text);
  if (std::string fault = fault_in_end(*output, total, *decoded); !fault.empty()) {
    return refute(std::move(fault));
  }
  output->has_ended = true;
  output->dropped = decoded->dropped;
  return {};
}

std::string ResultProof::fault_in_end(const Output& output, std::uint64_t total,
                                      const OutputTrailer& trailer) const {
  const std::uint64_t arrived = output.flow.size();
  const std::string name(output.name);
  if (total > arrived) return bytes_text(total - arrived) + " of " + name + " did not arrive";
  if (total < arrived) return name + " is " + bytes_text(arrived - total) + " longer than sent";
  if (trailer.flow != output.flow.value()) {
    return name + " arrived changed: its digest is not that of the server";
  }
  if (!output.is_whole) return {};
  const OutputDigest& whole = output.whole ? *output.whole : output.flow;
  if (trailer.whole == whole.value()) return {};
  return name + " is not the same as before the connection broke: its whole digest is wrong";
}

Result<void> ResultProof::take_message(std::uint8_t type, std::uint8_t flags, Bytes payload) {
  if (state_ != ProofState::open) return take_late("a message");
  if (type != static_cast<std::uint8_t>(CommandMessage::exit) || flags != 0) {
    return refute("the server sent a message that does not belong to a command");
  }
  if (exit_) return refute("the server reported two exits");
  const auto exit = decode_exit(payload);
  if (!exit) return refute(exit.error().text);
  if (std::string fault = fault_in_exit(*exit); !fault.empty()) return refute(std::move(fault));
  exit_ = *exit;
  return {};
}

std::string ResultProof::fault_in_exit(const CommandExit& exit) const {
  for (const Output* each : {&output_, &error_}) {
    if (!each->has_ended) return "the exit came before the end of " + std::string(each->name);
  }
  const std::uint64_t count = dropped();
  if (count > 0 && !exit.is_truncated) {
    return "the server dropped " + bytes_text(count) + " of the output without saying so";
  }
  if (exit.is_truncated && on_excess_ == OutputExcess::kill && is_own_end(exit.kind)) {
    return "the server dropped output that it had to keep";
  }
  return {};
}

Result<void> ResultProof::take_stream_end() {
  for (const Output* each : {&output_, &error_}) {
    if (!each->has_ended) {
      return refute("the stream ended before the end of " + std::string(each->name));
    }
  }
  if (!exit_ && !has_left_) return refute("the server ended the stream without an exit");
  state_ = exit_ ? ProofState::proven : ProofState::detached;
  return {};
}

Result<void> ResultProof::take_reset(ResetCode code, std::string_view text) {
  if (state_ != ProofState::open) return fail_as_before();
  const Error error = refusal_error(code, text, {});
  return cut(error.kind, "the command's end is not known: " + error.detail, error.advice);
}

Result<void> ResultProof::take_cut(const std::optional<SessionFailure>& failure) {
  if (state_ != ProofState::open) return fail_as_before();
  std::string detail = exit_ ? "the connection broke after the exit, before the end of the stream"
                             : "the connection broke before the command's end was known";
  if (failure && failure->cause != SessionFailure::Cause::cut) {
    detail += ": " + failure->to_error({}).detail;
  }
  return cut(ErrorKind::truncated, std::move(detail), std::string(kCutAdvice));
}

Result<CommandExit> ResultProof::result() const {
  if (state_ == ProofState::proven) return *exit_;
  if (failure_) return fail(*failure_);
  if (state_ == ProofState::detached) {
    return fail(make_error(ErrorKind::cancelled, "know the end of a command at", endpoint_,
                           "this client left, and the command goes on as a job",
                           "attach to the job"));
  }
  return fail(make_error(ErrorKind::truncated, "know the end of a command at", endpoint_,
                         "it has not arrived yet", {}));
}

ResultProof::Output* ResultProof::output_of(std::uint8_t flow) {
  if (flow == kOutputFlow) return &output_;
  return flow == kErrorFlow ? &error_ : nullptr;
}

/// What arrives after the end of the stream disproves a result that was proven.
Result<void> ResultProof::take_late(std::string_view what) {
  if (failure_) return fail(*failure_);
  return refute("the server sent " + std::string(what) + " after the end of the stream");
}

Result<void> ResultProof::cut(ErrorKind kind, std::string detail, std::string advice) {
  state_ = ProofState::cut;
  failure_ = make_error(kind, "know the end of a command at", endpoint_, std::move(detail),
                        std::move(advice));
  return fail(*failure_);
}

Result<void> ResultProof::refute(std::string detail) {
  state_ = ProofState::refuted;
  if (!failure_ || failure_->kind != ErrorKind::protocol_violation) {
    failure_ = make_error(ErrorKind::protocol_violation, "believe the result of a command at",
                          endpoint_, std::move(detail), std::string(kProofAdvice));
  }
  return fail(*failure_);
}

Result<void> ResultProof::fail_as_before() const {
  if (failure_) return fail(*failure_);
  return {};
}

}  // namespace hotline::services
