#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <unordered_map>
#include <vector>

#include "session/stream_state.h"

namespace hotline::session {

/// The streams of a session that are not closed, by id, and which ids were used.
class StreamTable {
 public:
  explicit StreamTable(SessionRole role) : role_(role) {}

  bool is_own(SessionStreamId id) const;
  StreamPhase phase_of(SessionStreamId id) const;

  /// Returns null if it is closed or unused.
  StreamState* find(SessionStreamId id);
  const StreamState* find(SessionStreamId id) const;

  /// Returns the id of the next stream of this end; nullopt if all were used.
  std::optional<SessionStreamId> next_own() const;

  /// Adds a stream with the id next_own() or one that the peer may open: see fault_of_open().
  StreamState& add(SessionStreamId id, const StreamState& stream);

  /// Returns why the peer may not open a stream with that unused id; nullopt if it may.
  std::optional<SessionFault> fault_of_open(SessionStreamId id, std::size_t streams_max) const;

  void remove(SessionStreamId id);

  /// Removes the streams of this end above `last`, which the peer says it has not served. Returns
  /// the ids of those that were not reset, in order. Fails if it had accepted one of them, or if
  /// `last` is not the id of a stream of this end.
  std::expected<std::vector<SessionStreamId>, SessionFault> remove_own_above(SessionStreamId last);

  void clear();

  std::size_t size() const { return streams_.size(); }
  std::size_t own_count() const { return own_count_; }
  std::size_t peer_count() const { return streams_.size() - own_count_; }

  /// Returns the highest id of the peer that was used; 0 if none.
  SessionStreamId highest_peer() const { return highest_peer_; }

 private:
  SessionRole role_;
  std::unordered_map<SessionStreamId, StreamState> streams_;
  std::size_t own_count_ = 0;
  SessionStreamId highest_own_ = 0;
  SessionStreamId highest_peer_ = 0;
};

}  // namespace hotline::session
