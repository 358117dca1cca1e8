#pragma once

#include <utility>

#include "server/service.h"

namespace hotline::server {

/// The place of one call among those that a server may have at once: it counts for its peer, then
/// takes up room, then counts as running. What it has taken so far, it gives back when it is
/// destroyed. Move only; any thread. `ServerState` outlives it.
class CallSlot {
 public:
  /// Takes nothing.
  CallSlot() = default;
  CallSlot(CallSlot&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)),
        peer_calls_(other.peer_calls_),
        has_room_(other.has_room_),
        tally_(other.tally_) {}
  CallSlot& operator=(CallSlot&&) = delete;
  ~CallSlot();

  /// Counts one more call of `peer`. An empty slot: that address has as many as it may have.
  static CallSlot admit(ServerState& state, const Endpoint& peer);

  explicit operator bool() const { return state_ != nullptr; }

  /// Waits for room, and takes it. Suspends the fiber. Fails with `cancelled`, or with
  /// `resource_exhausted` if there is no descriptor or memory for the wait.
  Result<void> take_room();

  /// The call begins to run, and counts in `tally`, which outlives the slot. The end of the slot is
  /// the end of the call: if it was the only one wanted, the server drains.
  void begin(Tally& tally);

 private:
  ServerState* state_ = nullptr;
  Admission::PeerCalls* peer_calls_ = nullptr;
  bool has_room_ = false;
  Tally* tally_ = nullptr;  ///< Null until it begins to run.
};

}  // namespace hotline::server
