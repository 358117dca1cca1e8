#include "session/stream_record.h"

#include <algorithm>

namespace hotline::session {

StreamRecord::StreamRecord(SessionFlows flow_counts, bool is_own_stream,
                           const SessionOptions& options)
    : flows(flow_counts), is_own(is_own_stream) {
  for (Inflow& each : inflows) each.begin(options.flow_credit, options.flow_credit_max);
}

std::uint8_t StreamRecord::first_inflow() const { return is_own ? flows.from_opener : 0; }

std::uint8_t StreamRecord::inflow_count() const {
  return is_own ? flows.from_accepter : flows.from_opener;
}

Inflow* StreamRecord::inflow(std::uint8_t flow) {
  const bool is_known = flow >= first_inflow() && flow < first_inflow() + inflow_count();
  return is_known ? &inflows[flow] : nullptr;
}

std::optional<std::uint8_t> StreamRecord::first_readable() const {
  std::optional<std::uint8_t> first;
  std::uint64_t order = 0;
  const auto consider = [&](std::uint8_t flow, std::uint64_t came) {
    if (first && came >= order) return;
    first = flow;
    order = came;
  };
  for (int i = 0; i < inflow_count(); ++i) {
    const auto flow = static_cast<std::uint8_t>(first_inflow() + i);
    const Inflow& each = inflows[flow];
    if (!each.is_empty() || (each.has_ended() && !each.is_done())) consider(flow, each.order());
  }
  if (!messages.empty()) {
    consider(kMessageFlow, messages.front().order);
  } else if (message_total && !is_message_end_read) {
    consider(kMessageFlow, message_end_order);
  }
  return first;
}

bool StreamRecord::is_read_out() const {
  const auto* const begin = inflows.data() + first_inflow();
  return is_message_end_read && std::all_of(begin, begin + inflow_count(),
                                            [](const Inflow& each) { return each.is_done(); });
}

std::uint64_t StreamRecord::growth() const {
  std::uint64_t sum = 0;
  for (const Inflow& each : inflows) sum += each.growth();
  return sum;
}

}  // namespace hotline::session
