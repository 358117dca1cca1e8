#pragma once

#include <utility>

#include "server/service.h"

namespace hotline::server {

/// The place of one call among those that a server may have at once. It is counted for its peer,
/// then takes room, then counts as running; its destructor releases what it has taken so far. Move
/// only. Any thread. The ServerState must outlive it.
class CallSlot {
 public:
  /// Takes nothing.
  CallSlot() = default;
  CallSlot(CallSlot&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)),
        peer_calls_(other.peer_calls_),
        has_room_(other.has_room_),
        is_unauthenticated_(other.is_unauthenticated_),
        is_served_(other.is_served_),
        tally_(other.tally_) {}
  CallSlot& operator=(CallSlot&&) = delete;
  ~CallSlot();

  /// Counts one more call of `peer`. Returns an empty slot if that address has as many calls as
  /// allowed.
  static CallSlot admit(ServerState& state, const Endpoint& peer);

  /// Counts the call as one that is not authenticated yet, for a slot that is not empty. Returns
  /// false if there are too many of those: the call is to be refused.
  bool begin_authentication();

  /// States that the call is authenticated. Does nothing without begin_authentication().
  void end_authentication();

  explicit operator bool() const { return state_ != nullptr; }

  /// Waits for room and takes it. Suspends the fiber. Fails with `cancelled`, or with
  /// `resource_exhausted` if there is no descriptor or memory to wait with.
  Result<void> take_room();

  /// States that the call begins to run, and counts it in `tally`, which must outlive the slot. The
  /// call ends when the slot is destroyed.
  void begin(Tally& tally);

  /// States that the call, which has begun, is the one of CallCount::one: at its end the server
  /// drains. Without that limit it has no effect.
  void note_served();

 private:
  ServerState* state_ = nullptr;
  Admission::PeerCalls* peer_calls_ = nullptr;
  bool has_room_ = false;
  bool is_unauthenticated_ = false;
  bool is_served_ = false;
  Tally* tally_ = nullptr;  ///< Null until the call begins to run.
};

}  // namespace hotline::server
