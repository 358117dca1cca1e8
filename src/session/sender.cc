#include "session/sender.h"

#include <algorithm>

namespace hotline::session {
namespace {

std::unexpected<Error> refused_use(ErrorKind kind, std::string_view what) {
  return fail(make_error(kind, "use a stream of the session", {}, std::string(what)));
}

std::unexpected<Error> misuse(std::string_view what) {
  return refused_use(ErrorKind::invalid_argument, what);
}

Result<void> check_size(std::size_t size, std::size_t size_max) {
  if (size <= size_max) return {};
  return refused_use(ErrorKind::too_large, std::to_string(size) + " bytes, and the peer allows " +
                                               std::to_string(size_max) + " in a frame");
}

}  // namespace

Result<StreamState*> Sender::find(SessionStreamId id) {
  if (core_.failure) return fail(core_.failure->to_error({}));
  StreamState* const stream = core_.streams.find(id);
  if (stream == nullptr) return refused_use(ErrorKind::closed, "it is not open");
  switch (stream->phase) {
    case StreamPhase::reset_by_peer: return refused_use(ErrorKind::reset, "the peer has reset it");
    case StreamPhase::opening_reset:
    case StreamPhase::open_reset: return refused_use(ErrorKind::closed, "this end has reset it");
    default: return stream;
  }
}

Result<StreamState*> Sender::find_to_send(SessionStreamId id) {
  auto stream = find(id);
  if (stream && (*stream)->phase == StreamPhase::offered) return misuse("accept it first");
  return stream;
}

Result<void> Sender::check_open(SessionFlows flows, Bytes request) const {
  if (core_.failure) return fail(core_.failure->to_error({}));
  if (core_.is_goodbye_sent() || !core_.streams.next_own()) {
    return refused_use(ErrorKind::draining, "the session opens no more streams");
  }
  if (!core_.peer) return {};
  if (flows.from_opener + flows.from_accepter > core_.peer->flows_max) {
    return misuse("the peer allows " + std::to_string(core_.peer->flows_max) + " flows");
  }
  return check_size(request.size(), core_.peer->frame_max - kOpenPrefixBytes);
}

Result<std::optional<SessionStreamId>> Sender::open(SessionFlows flows, Bytes request) {
  if (auto checked = check_open(flows, request); !checked) return fail(checked.error());
  if (!core_.peer || !has_room()) return std::nullopt;
  const std::size_t streams_max = std::min(core_.peer->streams_max, core_.options.opened_max);
  if (core_.streams.own_count() >= streams_max) return std::nullopt;
  const auto id = core_.streams.next_own();
  StreamState& stream = core_.streams.add(
      *id, {StreamPhase::opening, flows, core_.own_limits(), core_.peer_limits()});
  // A first message always has credit: see fault_in(Hello).
  if (auto charged = charge(stream, request); !charged) return fail(charged.error());
  append_open(core_.output, *id, {flows.from_opener, flows.from_accepter, request});
  return id;
}

/// Takes the cost of `payload` from the credit; false if there is not enough.
Result<bool> Sender::charge(StreamState& stream, Bytes payload) {
  Flow& messages = *stream.outgoing(kMessageFlow);
  if (messages.is_ended) return misuse("its messages were ended");
  const std::uint64_t cost = payload.size() + kMessageCost;
  if (cost > messages.credit()) return false;
  messages.offset += cost;
  return true;
}

Result<bool> Sender::accept(SessionStreamId id, Bytes answer) {
  const auto stream = find(id);
  if (!stream) return fail(stream.error());
  if ((*stream)->phase != StreamPhase::offered) return misuse("it was accepted, or is our own");
  if (auto checked = check_size(answer.size(), core_.peer->frame_max); !checked) {
    return fail(checked.error());
  }
  if (!has_room()) return false;
  const auto charged = charge(**stream, answer);
  if (!charged || !*charged) return charged;
  append_frame(core_.output, {.type = static_cast<std::uint8_t>(FrameType::accept), .stream = id},
               answer);
  (*stream)->phase = StreamPhase::open;
  core_.note_granted(id, **stream);
  return true;
}

Result<bool> Sender::send(SessionStreamId id, const SessionMessage& message) {
  const auto stream = find_to_send(id);
  if (!stream) return fail(stream.error());
  if (message.type < kFirstMessageType || (message.flags & kCritical) != 0) {
    return misuse("no message has that type or those flags");
  }
  if (auto checked = check_size(message.payload.size(), core_.peer->frame_max); !checked) {
    return fail(checked.error());
  }
  if (!has_room()) return false;
  const auto charged = charge(**stream, message.payload);
  if (!charged || !*charged) return charged;
  const auto flags =
      static_cast<std::uint8_t>(message.flags | (message.is_critical ? kCritical : 0));
  append_frame(core_.output, {.type = message.type, .flags = flags, .stream = id}, message.payload);
  (*stream)->note_message_sent();
  return true;
}

Result<std::size_t> Sender::begin_data(SessionStreamId id, std::uint8_t number, std::size_t size,
                                       std::string& out) {
  const auto stream = find_to_send(id);
  if (!stream) return fail(stream.error());
  Flow* const flow = number == kMessageFlow ? nullptr : (*stream)->outgoing(number);
  if (flow == nullptr) return misuse("this end does not send that flow");
  if (flow->is_ended) return misuse("the flow was ended");
  const std::uint32_t frame_max =
      std::min(core_.peer->frame_max - kDataPrefixBytes, core_.options.data_max);
  const auto bytes = static_cast<std::uint32_t>(
      std::min({std::uint64_t{size}, std::uint64_t{frame_max}, flow->credit()}));
  if (bytes == 0) return 0;
  core_.take_output(out);
  append_data_prefix(out, id, {number, flow->offset}, bytes);
  flow->offset += bytes;
  return bytes;
}

Result<void> Sender::end(SessionStreamId id, std::uint8_t number, Bytes trailer) {
  const auto stream = find_to_send(id);
  if (!stream) return fail(stream.error());
  Flow* const flow = (*stream)->outgoing(number);
  if (flow == nullptr) return misuse("this end does not send that flow");
  if (flow->is_ended) return misuse("the flow was ended");
  const bool is_messages = number == kMessageFlow;
  if (trailer.size() > (is_messages ? 0 : kTrailerMax)) return misuse("the trailer is too long");
  if (is_messages && !(*stream)->has_ended_flows()) return misuse("end its flows first");
  flow->is_ended = true;
  const std::uint64_t total = is_messages ? (*stream)->messages_sent() : flow->offset;
  append_end(core_.output, id, {number, total, trailer});
  if (is_messages) core_.note_closing(**stream);
  if ((*stream)->is_complete()) core_.close(id);
  return {};
}

void Sender::reset(SessionStreamId id, ResetCode code, std::string_view text) {
  StreamState* const stream = core_.streams.find(id);
  if (stream == nullptr) return;
  if (stream->phase == StreamPhase::opening_reset || stream->phase == StreamPhase::open_reset) {
    return;
  }
  append_reset(core_.output, id, {code, text});
  core_.note_closing(*stream);
  if (stream->phase == StreamPhase::reset_by_peer) {
    core_.close(id);
  } else {
    stream->enter_reset();
  }
}

}  // namespace hotline::session
