#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "hotline/net/stream.h"

namespace simulation {

/// The direction of bytes between a caller and the server.
enum class Direction : bool { request, reply };

/// How a connection breaks.
enum class BreakKind : std::uint8_t {
  reset,    ///< Both sides see a reset.
  end,      ///< Both sides see an orderly end.
  silence,  ///< Nothing arrives any more, in either direction, for an hour.
};

/// Where a connection breaks: when `bytes` have gone in one direction; SIZE_MAX: nowhere.
struct Break {
  BreakKind kind = BreakKind::reset;
  Direction direction = Direction::request;
  std::size_t bytes = SIZE_MAX;
};

/// Forwards the bytes of one connection between a caller and a server, until it breaks it. A
/// program of a world.
class Breaker {
 public:
  explicit Breaker(const Break& wanted) : break_(wanted) {}

  /// Listens at `uri`, and connects the first caller with `server`. Returns when both have ended,
  /// or the connection is broken.
  void run(const std::string& uri, const std::string& server);

  /// Returns true if the conversation was long enough to be broken.
  bool has_broken() const { return has_broken_; }

 private:
  bool pass_on(hotline::Stream& from, hotline::Stream& to, Direction direction);
  void break_off(hotline::Stream& caller, hotline::Stream& server);

  const Break break_;
  bool has_broken_ = false;
};

}  // namespace simulation
