#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "hotline/engine/semaphore.h"
#include "hotline/net/endpoint.h"
#include "hotline/server/server.h"

namespace hotline::server {

/// Admits callers within two limits: the calls at once, and the calls at once of each peer address.
/// Any thread. A CallSlot takes from it and gives back.
class Admission {
 public:
  /// The calls of one peer address. It does not move while it counts any.
  using PeerCalls = std::pair<const std::string, std::size_t>;

  /// `room`: calls at once. `per_peer`: calls at once from one address; addresses of this machine
  /// have no limit.
  Admission(std::size_t room, std::size_t per_peer) : room_(room), per_peer_(per_peer) {}

  /// Waits until there is room for one more call, and takes it. Suspends the fiber. Fails with
  /// `cancelled`.
  Result<void> take_room() { return room_.acquire(); }

  /// Releases the room of one call.
  void give_room_back() { room_.release(); }

  /// Returns how many more calls there is room for now.
  std::size_t room_left() const { return room_.count(); }

  /// Counts one more call of `peer`. Returns nullopt if it has as many as allowed, and null if it
  /// has no limit.
  std::optional<PeerCalls*> admit(const Endpoint& peer);

  /// Call when a call that admit() counted has ended. `calls` may be null.
  void leave(PeerCalls* calls);

 private:
  Semaphore room_;
  std::size_t per_peer_;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> calls_of_peer_;
};

}  // namespace hotline::server
