#pragma once

#include <cstdint>
#include <optional>

#include "hotline/core/deadline.h"
#include "hotline/session/session_options.h"

namespace hotline::session {

/// When to send PING, and when a peer has been silent for too long.
class Heartbeat {
 public:
  enum class Beat : std::uint8_t {
    nothing,
    ping,    ///< Send PING with ping_value().
    silent,  ///< The peer is taken for dead.
  };

  Heartbeat(const SessionOptions& options, Instant now);

  void note_hello() { has_hello_ = true; }
  void note_received(Instant now) { last_received_ = now; }

  /// Returns false if no PING with that value awaits its answer.
  bool note_pong(std::uint64_t value);

  Deadline next() const;
  Beat on_time(Instant now);

  std::uint64_t ping_value() const { return ping_value_; }
  std::optional<Duration> round_trip() const { return round_trip_; }

 private:
  Deadline silent_at() const;

  Duration hello_timeout_;
  Duration heartbeat_;
  Duration silence_max_;
  Instant begun_;
  Instant last_received_;
  bool has_hello_ = false;
  std::optional<Instant> ping_sent_{};  ///< When the PING left that is not answered.
  std::uint64_t ping_value_ = 0;
  std::optional<Duration> round_trip_{};
};

}  // namespace hotline::session
