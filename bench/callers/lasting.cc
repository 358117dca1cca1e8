#include "lasting.h"

#include "message.h"

namespace bench {

Flood::Flood(const CallerOptions& options)
    : Callers(options), messages_(many_messages(options.wire, options.bytes)) {}

void Flood::act(Call& call) {
  send(call, messages_);
  receive(call);
  rearm(call);
}

Deaf::Deaf(const CallerOptions& options)
    : Callers(options), messages_(many_messages(options.wire, options.bytes)) {}

void Deaf::act(Call& call) {
  send(call, messages_);
  rearm(call);
}

void Dribble::act(Call& call) {
  constexpr Nanoseconds kPause = 90 * kMillisecond;
  receive(call);
  if (now() < call.time) return;
  call.time = now() + kPause;
  send(call, "a");
}

Partial::Partial(const CallerOptions& options)
    : Callers(options), message_(begun_message(options.wire, options.bytes)) {}

void Partial::act(Call& call) {
  receive(call);
  if (call.position >= message_.size()) return;
  send(call, message_);
  rearm(call);
}

}  // namespace bench
