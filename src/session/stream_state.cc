#include "session/stream_state.h"

#include <algorithm>
#include <utility>

namespace hotline::session {
namespace {

using Fault = std::optional<SessionFault>;

}  // namespace

StreamState::StreamState(StreamPhase begin, SessionFlows flows, StreamLimits own, StreamLimits peer)
    : phase(begin), is_opener_(begin == StreamPhase::opening), flow_counts_(flows) {
  for (std::uint8_t i = 0; i < kSessionFlowsMax; ++i) {
    flows_[i].limit = is_outgoing(i) ? peer.flow_credit : own.flow_credit;
  }
  messages_out_.limit = peer.message_credit;
  messages_in_.limit = own.message_credit;
}

bool StreamState::is_outgoing(std::uint8_t flow) const {
  return (flow < flow_counts_.from_opener) == is_opener();
}

Flow* StreamState::outgoing(std::uint8_t flow) {
  return const_cast<Flow*>(std::as_const(*this).outgoing(flow));
}

const Flow* StreamState::outgoing(std::uint8_t flow) const {
  if (flow == kMessageFlow) return &messages_out_;
  const int count = flow_counts_.from_opener + flow_counts_.from_accepter;
  return flow < count && is_outgoing(flow) ? &flows_[flow] : nullptr;
}

Flow* StreamState::incoming(std::uint8_t flow) {
  if (flow == kMessageFlow) return &messages_in_;
  const int count = flow_counts_.from_opener + flow_counts_.from_accepter;
  return flow < count && !is_outgoing(flow) ? &flows_[flow] : nullptr;
}

bool StreamState::has_ended_flows() const {
  const int count = flow_counts_.from_opener + flow_counts_.from_accepter;
  for (std::uint8_t i = 0; i < count; ++i) {
    if (is_outgoing(i) && !flows_[i].is_ended) return false;
  }
  return true;
}

bool StreamState::has_peer_ended_flows() const {
  const int count = flow_counts_.from_opener + flow_counts_.from_accepter;
  for (std::uint8_t i = 0; i < count; ++i) {
    if (!is_outgoing(i) && !flows_[i].is_ended) return false;
  }
  return true;
}

bool StreamState::is_complete() const { return messages_out_.is_ended && messages_in_.is_ended; }

void StreamState::enter_reset() {
  phase = phase == StreamPhase::opening ? StreamPhase::opening_reset : StreamPhase::open_reset;
}

Fault StreamState::receive_data(const DataPrefix& prefix, std::uint32_t bytes) {
  Flow* const flow = prefix.flow == kMessageFlow ? nullptr : incoming(prefix.flow);
  if (flow == nullptr) return SessionFault{SessionCode::protocol, "sent DATA of a wrong flow"};
  if (flow->is_ended) return SessionFault{SessionCode::protocol, "sent DATA after its END"};
  if (prefix.offset != flow->offset) {
    return SessionFault{SessionCode::offset, "sent DATA that does not continue its flow"};
  }
  if (bytes > flow->credit()) {
    return SessionFault{SessionCode::credit, "sent more DATA than its credit allows"};
  }
  flow->offset += bytes;
  return std::nullopt;
}

Fault StreamState::receive_cost(std::size_t size) {
  const std::uint64_t cost = size + kMessageCost;
  if (messages_in_.is_ended) {
    return SessionFault{SessionCode::protocol, "sent a message after the last one"};
  }
  if (cost > messages_in_.credit()) {
    return SessionFault{SessionCode::credit, "sent more messages than its credit allows"};
  }
  messages_in_.offset += cost;
  return std::nullopt;
}

Fault StreamState::receive_message(std::size_t size) {
  const auto fault = receive_cost(size);
  if (!fault) ++messages_received_;
  return fault;
}

Fault StreamState::receive_end(const End& end) {
  Flow* const flow = incoming(end.flow);
  if (flow == nullptr) return SessionFault{SessionCode::protocol, "sent END of a wrong flow"};
  if (flow->is_ended) return SessionFault{SessionCode::protocol, "sent END twice"};
  const bool is_messages = end.flow == kMessageFlow;
  if (end.total != (is_messages ? messages_received_ : flow->offset)) {
    return SessionFault{SessionCode::offset, "sent END with a wrong total"};
  }
  if (is_messages && !has_peer_ended_flows()) {
    return SessionFault{SessionCode::protocol, "ended its messages before its flows"};
  }
  if (is_messages && !end.trailer.empty()) {
    return SessionFault{SessionCode::malformed, "ended its messages with a trailer"};
  }
  flow->is_ended = true;
  return std::nullopt;
}

Fault StreamState::receive_credit(const Credit& credit) {
  Flow* const flow = outgoing(credit.flow);
  if (flow == nullptr) return SessionFault{SessionCode::protocol, "sent CREDIT of a wrong flow"};
  if (credit.bytes == 0) return SessionFault{SessionCode::malformed, "sent CREDIT of 0 bytes"};
  if (flow->is_ended) return std::nullopt;
  if (flow->credit() + credit.bytes > kCreditMax) {
    return SessionFault{SessionCode::credit, "sent more CREDIT than 1 GiB"};
  }
  flow->limit += credit.bytes;
  return std::nullopt;
}

bool StreamState::grant(std::uint8_t number, std::uint32_t bytes) {
  Flow* const flow = incoming(number);
  if (flow == nullptr || flow->is_ended) return false;
  const auto added = std::min<std::uint64_t>(bytes, kCreditMax - flow->credit());
  // The peer cannot use it before it has arrived; counted from here on, it is never less than what
  // the peer has.
  flow->limit += added;
  flow->pending += static_cast<std::uint32_t>(added);
  return flow->pending > 0;
}

void StreamState::append_granted(std::string& out, SessionStreamId id) {
  const auto append = [&](std::uint8_t number, Flow& flow) {
    if (flow.pending > 0 && !flow.is_ended) append_credit(out, id, {number, flow.pending});
    flow.pending = 0;
  };
  for (std::uint8_t i = 0; i < kSessionFlowsMax; ++i) append(i, flows_[i]);
  append(kMessageFlow, messages_in_);
}

}  // namespace hotline::session
