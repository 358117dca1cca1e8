#include "session/stream_rules.h"

#include <cstddef>
#include <iterator>

namespace hotline::session {
namespace {

constexpr auto kNo = Verdict::refuse;
constexpr auto kSkip = Verdict::ignore;
constexpr auto kDrop = Verdict::drop;
constexpr auto kYes = Verdict::deliver;

constexpr std::size_t kPhases = static_cast<std::size_t>(StreamPhase::closed) + 1;

struct RuleRow {
  FrameType type;
  Verdict verdicts[kPhases];
};

// The columns are the phases in their order: unused, opening, offered, open, opening_reset,
// open_reset, reset_by_peer, closed.
constexpr RuleRow kRules[] = {
    {FrameType::open, {kYes, kNo, kNo, kNo, kNo, kNo, kNo, kNo}},
    {FrameType::accept, {kNo, kYes, kNo, kNo, kDrop, kNo, kNo, kNo}},
    {FrameType::data, {kNo, kNo, kYes, kYes, kNo, kDrop, kNo, kNo}},
    {FrameType::end, {kNo, kNo, kYes, kYes, kNo, kDrop, kNo, kNo}},
    {FrameType::credit, {kNo, kNo, kYes, kYes, kNo, kSkip, kNo, kSkip}},
    {FrameType::reset, {kNo, kYes, kYes, kYes, kYes, kYes, kNo, kSkip}},
    {FrameType::message, {kNo, kNo, kYes, kYes, kNo, kDrop, kNo, kNo}},
};

}  // namespace

Verdict verdict_on(FrameType type, StreamPhase phase) {
  for (const RuleRow& each : kRules) {
    if (each.type == type) return each.verdicts[static_cast<std::size_t>(phase)];
  }
  return Verdict::refuse;
}

}  // namespace hotline::session
