#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "engine/semaphore.h"
#include "hotline/net/endpoint.h"
#include "hotline/server/server.h"

namespace hotline::server {

/// Who may call now: room for all calls together, and for each peer address. Any thread.
class Admission {
 public:
  /// `room`: calls at once. `per_peer`: of those from one address; addresses of this machine have
  /// no limit.
  Admission(std::size_t room, std::size_t per_peer) : room_(room), per_peer_(per_peer) {}

  /// Whether it may be used. Fails with `resource_exhausted`.
  Result<void> check() const { return room_.check(); }

  /// Waits until there is room for one more call, and takes it. Suspends the fiber. Fails with
  /// `cancelled`.
  Result<void> take_room();

  /// Room for so many more calls, as of now.
  std::size_t room_left() const { return room_.count(); }

  /// Whether `peer` may have one more call; counts it if so.
  bool admit(const Endpoint& peer);

  /// A call of `peer` that was admitted, and had room, has ended.
  void leave(const Endpoint& peer);

 private:
  engine::Semaphore room_;
  std::size_t per_peer_;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> calls_of_peer_;
};

}  // namespace hotline::server
