#include "services/client_farewell.h"

#include <chrono>

#include "hotline/engine/clock.h"

namespace hotline::services {
namespace {

constexpr Duration kClientFarewell = std::chrono::seconds(30);

}  // namespace

void end_and_wait(SessionStream& stream, const LateCheck& check) {
  if (!stream.end_messages()) return;
  const Deadline until = deadline_after(kClientFarewell);
  while (const auto received = stream.receive(until)) {
    if (const auto fault = check(*received)) return stream.reset(fault->code, fault->text);
  }
  while (const auto bytes = stream.read(kInputFlow, until)) {
    if (bytes->empty()) return;
  }
}

}  // namespace hotline::services
