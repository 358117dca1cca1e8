#include "services/command_wire.h"

#include <algorithm>

namespace hotline::services {

bool has_silently_died(const Completed& completed) {
  return completed.end.signal != 0 && completed.output.empty() && completed.error.empty();
}

std::string_view reply_of(const Completed& completed) {
  if (!completed.error.empty()) return completed.error;
  if (!completed.output.empty()) return completed.output;
  return kDoneReply;
}

Framing framing_of(CommandWire wire, std::size_t reply_max) {
  Framing framing{.frame_max = std::min(reply_max, kReplyMax)};
  switch (wire) {
    case CommandWire::plain: break;
    case CommandWire::ready: framing.kind = Framing::Kind::ready; break;
    case CommandWire::i32: framing.kind = Framing::Kind::i32le; break;
  }
  return framing;
}

}  // namespace hotline::services
