#include "session/receiver.h"

#include <algorithm>
#include <utility>

namespace hotline::session {
namespace {

using Kind = SessionEvent::Kind;

std::unexpected<SessionFault> refuse(SessionCode code, std::string_view reason) {
  return std::unexpected(SessionFault{code, reason});
}

std::uint32_t cost_of(Bytes payload) {
  return static_cast<std::uint32_t>(payload.size()) + kMessageCost;
}

bool delivers(StreamPhase phase) {
  return phase == StreamPhase::open || phase == StreamPhase::offered;
}

FrameType type_of(const FrameHeader& header) {
  return header.is_message() ? FrameType::message : static_cast<FrameType>(header.type);
}

}  // namespace

SessionEvent Receiver::event(Kind kind) const {
  SessionEvent made;
  made.kind = kind;
  made.stream = header_.stream;
  return made;
}

SessionEvent Receiver::next_refused() {
  SessionEvent made;
  made.kind = Kind::reset;
  made.stream = core_.refused.back();
  made.code = ResetCode::refused;
  made.is_closed = true;
  core_.refused.pop_back();
  return made;
}

SessionEvent Receiver::next(Bytes& input, Instant now) {
  if (!core_.refused.empty()) return next_refused();
  if (!input.empty()) core_.heartbeat.note_received(now);
  while (!core_.failure) {
    const auto made = step(input);
    if (!made) {
      core_.fail_with_goodbye(SessionFailure::Cause::violated, made.error().code,
                              made.error().reason);
      input = {};
      return event(Kind::failed);
    }
    if (made->is_over || made->event.kind != Kind::none) return made->event;
  }
  input = {};
  return {};
}

SessionEvent Receiver::end() {
  if (core_.failure) return {};
  if (core_.is_finished() && !reader_.is_within_frame()) return {};
  core_.fail_silently(SessionFailure::Cause::cut, SessionCode::internal, {});
  SessionEvent made;
  made.kind = Kind::failed;
  return made;
}

Receiver::Checked<Receiver::Step> Receiver::step(Bytes& input) {
  switch (mode_) {
    case Mode::header: return take_header(input);
    case Mode::whole: return take_whole(input);
    case Mode::data_prefix: return take_prefix(input);
    case Mode::data: return take_data(input);
    case Mode::skip: break;
  }
  return skip(input);
}

Receiver::Checked<Receiver::Step> Receiver::take_header(Bytes& input) {
  const std::uint32_t frame_max = core_.peer ? core_.options.frame_max : kHelloBytesMax;
  const auto header = reader_.take_header(input, frame_max);
  if (!header) {
    if (!core_.peer) return refuse(header.error().code, "did not begin with HELLO of a session");
    return std::unexpected(header.error());
  }
  if (!*header) return Step{.is_over = true};
  header_ = **header;
  const auto mode = begin_frame();
  if (!mode) return std::unexpected(mode.error());
  mode_ = *mode;
  return Step{};
}

Receiver::Checked<Receiver::Mode> Receiver::begin_frame() {
  const auto found = verdict();
  if (!found) return std::unexpected(found.error());
  if (*found == Verdict::ignore) return Mode::skip;
  if (header_.is(FrameType::data)) return Mode::data_prefix;
  const bool is_known_message = header_.type < kFirstMessageType + core_.options.message_types;
  if (header_.is_message() && !is_known_message) return begin_unknown_message(*found);
  return Mode::whole;
}

/// Returns what becomes of the frame that begins, or has arrived, in the present state.
Receiver::Checked<Verdict> Receiver::verdict() const {
  const bool is_hello = header_.is(FrameType::hello);
  if (!core_.peer && !is_hello) {
    return refuse(SessionCode::protocol, "sent another frame before HELLO");
  }
  if (core_.peer && is_hello) return refuse(SessionCode::protocol, "sent HELLO twice");
  if (!header_.is_known()) {
    if (!header_.is_critical()) return Verdict::ignore;
    return refuse(SessionCode::unknown_critical, "sent a critical frame of an unknown type");
  }
  return header_.stream == 0 ? Verdict::deliver : verdict_on_stream();
}

Receiver::Checked<Verdict> Receiver::verdict_on_stream() const {
  const bool is_open = header_.is(FrameType::open);
  if (is_open && core_.is_goodbye_received) {
    return refuse(SessionCode::protocol, "opened a stream after GOODBYE");
  }
  if (core_.is_beyond_goodbye(header_.stream)) return Verdict::ignore;
  const Verdict found = verdict_on(type_of(header_), core_.streams.phase_of(header_.stream));
  if (found == Verdict::refuse) {
    if (is_open) return refuse(SessionCode::streams, "opened a stream with an id that was used");
    return refuse(SessionCode::protocol, "sent a frame that the state of the stream forbids");
  }
  if (!is_open) return found;
  const auto fault = core_.streams.fault_of_open(header_.stream, core_.peer_places());
  if (fault) return std::unexpected(*fault);
  return found;
}

/// The payload of a message that is skipped costs credit too, which is granted again at once.
Receiver::Checked<Receiver::Mode> Receiver::begin_unknown_message(Verdict found) {
  if (header_.is_critical()) {
    return refuse(SessionCode::unknown_critical, "sent a critical message of an unknown type");
  }
  StreamState& stream = *core_.streams.find(header_.stream);
  if (const auto fault = stream.receive_message(header_.length)) return std::unexpected(*fault);
  if (found == Verdict::deliver) {
    core_.grant(header_.stream, kMessageFlow, header_.length + kMessageCost);
  }
  return Mode::skip;
}

Receiver::Checked<Receiver::Step> Receiver::take_whole(Bytes& input) {
  const auto payload = reader_.take(input, header_.length);
  if (!payload) return Step{.is_over = true};
  mode_ = Mode::header;
  auto made = process(*payload);
  if (!made) return std::unexpected(made.error());
  return Step{.event = *made};
}

Receiver::Checked<Receiver::Step> Receiver::take_prefix(Bytes& input) {
  const auto prefix = reader_.take(input, kDataPrefixBytes);
  if (!prefix) return Step{.is_over = true};
  mode_ = Mode::data;
  data_ = decode_data_prefix(*prefix);
  // The stream may have been reset since the header arrived, but it cannot be closed.
  StreamState* const stream = core_.streams.find(header_.stream);
  if (stream == nullptr) return Step{};
  const auto bytes = static_cast<std::uint32_t>(reader_.left());
  if (const auto fault = stream->receive_data(data_, bytes)) return std::unexpected(*fault);
  return Step{};
}

Receiver::Step Receiver::take_data(Bytes& input) {
  const Bytes part = reader_.take_some(input);
  if (reader_.left() == 0) mode_ = Mode::header;
  if (part.empty() || !delivers(core_.streams.phase_of(header_.stream))) {
    return {.is_over = mode_ == Mode::data};
  }
  SessionEvent made = event(Kind::data);
  made.flow = data_.flow;
  made.offset = data_.offset;
  made.bytes = part;
  data_.offset += part.size();
  return {.event = made};
}

Receiver::Step Receiver::skip(Bytes& input) {
  reader_.take_some(input);
  if (reader_.left() > 0) return {.is_over = true};
  mode_ = Mode::header;
  return {};
}

Receiver::Checked<SessionEvent> Receiver::process(Bytes payload) {
  // What this end did since the header arrived may have changed the state.
  const auto found = verdict();
  if (!found) return std::unexpected(found.error());
  if (*found == Verdict::ignore) return SessionEvent{};
  switch (type_of(header_)) {
    case FrameType::hello: return on_hello(payload);
    case FrameType::goodbye: return on_goodbye(payload);
    case FrameType::ping: return on_ping(payload);
    case FrameType::pong: return on_pong(payload);
    case FrameType::open: return on_open(payload);
    default: return process_on_stream(payload, *found);
  }
}

Receiver::Checked<SessionEvent> Receiver::process_on_stream(Bytes payload, Verdict found) {
  StreamState& stream = *core_.streams.find(header_.stream);
  Checked<SessionEvent> made;
  switch (type_of(header_)) {
    case FrameType::accept: made = on_accept(stream, payload); break;
    case FrameType::end: made = on_end(stream, payload); break;
    case FrameType::credit: return on_credit(stream, payload);
    case FrameType::reset: return on_reset(stream, payload);
    default: made = on_message(stream, payload); break;
  }
  if (made && found == Verdict::drop) return SessionEvent{};
  return made;
}

Receiver::Checked<SessionEvent> Receiver::on_hello(Bytes payload) {
  auto hello = decode_hello(payload);
  if (!hello) return std::unexpected(hello.error());
  if (hello->version_min > kVersion || hello->version_max < kVersion) {
    return refuse(SessionCode::version, "speaks no version of the session that this end does");
  }
  if (hello->protocol != core_.options.protocol) {
    return refuse(SessionCode::other_protocol, "speaks another protocol on the session");
  }
  hello->protocol = {};
  core_.peer = *hello;
  core_.heartbeat.note_hello();
  return event(Kind::ready);
}

Receiver::Checked<SessionEvent> Receiver::on_goodbye(Bytes payload) {
  const auto goodbye = decode_goodbye(payload);
  if (!goodbye) return std::unexpected(goodbye.error());
  if (goodbye->code != SessionCode::drain) {
    core_.fail_silently(SessionFailure::Cause::by_peer, goodbye->code, goodbye->text);
    return event(Kind::failed);
  }
  if (core_.is_goodbye_received) return refuse(SessionCode::protocol, "sent GOODBYE twice");
  auto refused = core_.streams.remove_own_above(goodbye->last_stream);
  if (!refused) return std::unexpected(refused.error());
  core_.refused = std::move(*refused);
  std::ranges::reverse(core_.refused);
  core_.is_goodbye_received = true;
  core_.say_goodbye();
  return event(Kind::goodbye);
}

Receiver::Checked<SessionEvent> Receiver::on_ping(Bytes payload) {
  if (core_.answer_ping(decode_ping(payload))) return SessionEvent{};
  return refuse(SessionCode::flood, "sent PING before the answer to its last one");
}

Receiver::Checked<SessionEvent> Receiver::on_pong(Bytes payload) {
  if (core_.heartbeat.note_pong(decode_ping(payload))) return SessionEvent{};
  return refuse(SessionCode::protocol, "sent PONG without a PING");
}

Receiver::Checked<SessionEvent> Receiver::on_open(Bytes payload) {
  const Open open = decode_open(payload);
  if (open.from_opener + open.from_accepter > core_.options.flows_max) {
    return refuse(SessionCode::streams, "opened a stream with more flows than allowed");
  }
  SessionEvent made = event(Kind::opened);
  made.flows = {open.from_opener, open.from_accepter};
  made.bytes = open.request;
  made.cost = cost_of(open.request);
  StreamState& stream = core_.streams.add(
      header_.stream, {StreamPhase::offered, made.flows, core_.own_limits(), core_.peer_limits()});
  if (const auto fault = stream.receive_cost(open.request.size())) return std::unexpected(*fault);
  return made;
}

Receiver::Checked<SessionEvent> Receiver::on_accept(StreamState& stream, Bytes answer) {
  if (const auto fault = stream.receive_cost(answer.size())) return std::unexpected(*fault);
  stream.phase = stream.phase == StreamPhase::opening ? StreamPhase::open : StreamPhase::open_reset;
  SessionEvent made = event(Kind::accepted);
  made.bytes = answer;
  made.cost = cost_of(answer);
  return made;
}

Receiver::Checked<SessionEvent> Receiver::on_message(StreamState& stream, Bytes payload) {
  if (const auto fault = stream.receive_message(payload.size())) return std::unexpected(*fault);
  SessionEvent made = event(Kind::message);
  made.flow = kMessageFlow;
  made.type = header_.type;
  made.flags = header_.flags & static_cast<std::uint8_t>(~kCritical);
  made.bytes = payload;
  made.cost = cost_of(payload);
  return made;
}

Receiver::Checked<SessionEvent> Receiver::on_end(StreamState& stream, Bytes payload) {
  const End end = decode_end(payload);
  if (const auto fault = stream.receive_end(end)) return std::unexpected(*fault);
  SessionEvent made = event(Kind::ended);
  made.flow = end.flow;
  made.offset = end.total;
  made.bytes = end.trailer;
  made.is_closed = stream.is_complete();
  if (made.is_closed) core_.close(header_.stream);
  return made;
}

Receiver::Checked<SessionEvent> Receiver::on_credit(StreamState& stream, Bytes payload) {
  const Credit credit = decode_credit(payload);
  if (const auto fault = stream.receive_credit(credit)) return std::unexpected(*fault);
  SessionEvent made = event(Kind::credit);
  made.flow = credit.flow;
  return made;
}

SessionEvent Receiver::on_reset(StreamState& stream, Bytes payload) {
  const bool is_answer =
      stream.phase == StreamPhase::opening_reset || stream.phase == StreamPhase::open_reset;
  if (is_answer) {
    core_.close(header_.stream);
    return {};
  }
  stream.phase = StreamPhase::reset_by_peer;
  const Reset reset = decode_reset(payload);
  SessionEvent made = event(Kind::reset);
  made.code = reset.code;
  made.bytes = as_bytes(reset.text);
  return made;
}

}  // namespace hotline::session
