#include "session/stream_table.h"

#include <algorithm>
#include <limits>

namespace hotline::session {

bool StreamTable::is_own(SessionStreamId id) const {
  const bool is_odd = id % 2 == 1;
  return is_odd == (role_ == SessionRole::client);
}

StreamPhase StreamTable::phase_of(SessionStreamId id) const {
  if (const StreamState* const found = find(id)) return found->phase;
  const SessionStreamId highest = is_own(id) ? highest_own_ : highest_peer_;
  return id <= highest ? StreamPhase::closed : StreamPhase::unused;
}

StreamState* StreamTable::find(SessionStreamId id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

const StreamState* StreamTable::find(SessionStreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

std::optional<SessionStreamId> StreamTable::next_own() const {
  if (highest_own_ == 0) return role_ == SessionRole::client ? 1U : 2U;
  if (highest_own_ > std::numeric_limits<SessionStreamId>::max() - 2) return std::nullopt;
  return highest_own_ + 2;
}

StreamState& StreamTable::add(SessionStreamId id, const StreamState& stream) {
  StreamState& added = streams_.emplace(id, stream).first->second;
  (is_own(id) ? highest_own_ : highest_peer_) = id;
  if (is_own(id)) ++own_count_;
  return added;
}

std::optional<SessionFault> StreamTable::fault_of_open(SessionStreamId id,
                                                       std::size_t streams_max) const {
  if (is_own(id)) return SessionFault{SessionCode::streams, "opened a stream with an id of ours"};
  if (peer_count() >= streams_max) {
    return SessionFault{SessionCode::streams, "opened more streams than allowed"};
  }
  return std::nullopt;
}

void StreamTable::remove(SessionStreamId id) {
  if (streams_.erase(id) > 0 && is_own(id)) --own_count_;
}

std::expected<std::vector<SessionStreamId>, SessionFault> StreamTable::remove_own_above(
    SessionStreamId last) {
  if (last != 0 && (!is_own(last) || last > highest_own_)) {
    return std::unexpected(
        SessionFault{SessionCode::malformed, "named a last stream that was not opened"});
  }
  std::vector<SessionStreamId> refused;
  std::vector<SessionStreamId> removed;
  for (const auto& [id, stream] : streams_) {
    if (!is_own(id) || id <= last) continue;
    removed.push_back(id);
    if (stream.phase == StreamPhase::opening_reset) continue;
    if (stream.phase != StreamPhase::opening) {
      return std::unexpected(
          SessionFault{SessionCode::protocol, "took back a stream that it had answered"});
    }
    refused.push_back(id);
  }
  for (const SessionStreamId id : removed) remove(id);
  std::ranges::sort(refused);
  return refused;
}

void StreamTable::clear() {
  streams_.clear();
  own_count_ = 0;
}

}  // namespace hotline::session
