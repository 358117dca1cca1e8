#include "simulation/breaker.h"

#include <algorithm>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"

namespace simulation {

using hotline::Stream;

void Breaker::run(const std::string& uri, const std::string& server_uri) {
  auto listener = hotline::listen(uri);
  if (!listener) return;
  auto caller = listener->accept();
  auto server = hotline::connect(server_uri);
  if (!caller || !server) return;
  hotline::TaskGroup group;
  const auto pass = [&](Stream& from, Stream& to, Direction direction) {
    return group.spawn("pass", [this, &from, &to, direction, &caller, &server] {
      if (!pass_on(from, to, direction)) break_off(*caller, *server);
    });
  };
  if (!pass(*caller, *server, Direction::request)) return;
  if (!pass(*server, *caller, Direction::reply)) return;
  static_cast<void>(group.join());
}

/// Returns false if the connection is to be broken here.
bool Breaker::pass_on(Stream& from, Stream& to, Direction direction) {
  std::size_t left = direction == break_.direction ? break_.bytes : SIZE_MAX;
  if (left == 0) return false;
  while (const auto bytes = from.receive()) {
    // Both directions are silent.
    if (has_broken_) return true;
    const auto piece = bytes->first(std::min(bytes->size(), left));
    if (!to.write_all(piece)) return true;
    left -= piece.size();
    // What was forwarded may arrive before the break or not; both cases occur.
    if (left == 0) return !hotline::sleep_for(std::chrono::milliseconds(7)).has_value();
  }
  if (to.is_open()) static_cast<void>(to.shut_down_writes());
  return true;
}

void Breaker::break_off(Stream& caller, Stream& server) {
  has_broken_ = true;
  switch (break_.kind) {
    case BreakKind::reset:
      caller.abort();
      server.abort();
      return;
    case BreakKind::end:
      static_cast<void>(caller.shut_down_writes());
      static_cast<void>(server.shut_down_writes());
      return;
    case BreakKind::silence: static_cast<void>(hotline::sleep_for(std::chrono::hours(1)));
  }
}

}  // namespace simulation
