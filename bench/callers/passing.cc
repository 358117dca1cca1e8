#include "passing.h"

#include "message.h"

namespace bench {

Churn::Churn(const CallerOptions& options)
    : Callers(options), word_(message_of(options.wire, options.bytes)) {}

// Each has one call in the server at most, or it would be many callers.
void Churn::act(Call& call) {
  if (call.position == 0) return send(call, word_);
  if (receive(call) == 0) return;
  if (options_.conduct == Conduct::kReset) reset_at_close(call.socket);
  if (open(call)) send(call, word_);
}

Garbage::Garbage(const CallerOptions& options) : Callers(options) {
  constexpr int kNoises = 256;
  for (int i = 0; i < kNoises; ++i) noises_.push_back(noise());
}

std::string Garbage::noise() {
  constexpr std::string_view kLikely = "\n\n0123456789:,ready\xff\x80 \0\0\0\1";
  const bool is_long = random_() % 4 == 0;
  const std::size_t size = 1 + random_() % (is_long ? 65536 : 300);
  const bool is_likely = random_() % 2 == 0;
  std::string noise;
  for (std::size_t i = 0; i < size; ++i) {
    noise += is_likely ? kLikely[random_() % kLikely.size()] : static_cast<char>(random_());
  }
  return noise;
}

// Callers that do not wait for a reply would be many at once without a pause.
void Garbage::act(Call& call) {
  constexpr Nanoseconds kPause = 50 * kMillisecond;
  if (now() < call.time) return;
  const std::uint64_t lot = random_();
  send(call, noises_[lot % noises_.size()]);
  if (lot >> 62 == 0) reset_at_close(call.socket);
  if (lot >> 62 == 1) receive(call);
  // Some go on with the same call.
  if (lot >> 62 == 2) return rearm(call);
  if (open(call)) call.time = now() + kPause;
}

}  // namespace bench
