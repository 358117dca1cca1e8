#include "session/heartbeat.h"

namespace hotline::session {

Heartbeat::Heartbeat(const SessionOptions& options, Instant now)
    : hello_timeout_(options.hello_timeout),
      heartbeat_(options.heartbeat),
      silence_max_(options.silence_max),
      begun_(now),
      last_received_(now) {}

bool Heartbeat::note_pong(std::uint64_t value) {
  if (!ping_sent_ || value != ping_value_) return false;
  round_trip_ = last_received_ - *ping_sent_;
  ping_sent_.reset();
  return true;
}

Deadline Heartbeat::silent_at() const {
  if (!has_hello_) return Deadline::after(begun_, hello_timeout_);
  return Deadline::after(last_received_, silence_max_);
}

Deadline Heartbeat::next() const {
  if (!has_hello_ || ping_sent_) return silent_at();
  return Deadline::earliest(silent_at(), Deadline::after(last_received_, heartbeat_));
}

Heartbeat::Beat Heartbeat::on_time(Instant now) {
  if (silent_at().has_passed(now)) return Beat::silent;
  if (!next().has_passed(now)) return Beat::nothing;
  ping_sent_ = now;
  ++ping_value_;
  return Beat::ping;
}

}  // namespace hotline::session
