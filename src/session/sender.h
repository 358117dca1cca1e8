#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/session/session_protocol.h"
#include "session/session_core.h"

namespace hotline::session {

/// The sending direction of one end: see SessionProtocol, whose functions these are.
class Sender {
 public:
  /// `core` must outlive this object.
  explicit Sender(SessionCore& core) : core_(core) {}

  Result<std::optional<SessionStreamId>> open(SessionFlows flows, Bytes request);
  Result<bool> accept(SessionStreamId id, Bytes answer);
  Result<bool> send(SessionStreamId id, const SessionMessage& message);
  Result<std::size_t> begin_data(SessionStreamId id, std::uint8_t flow, std::size_t size,
                                 std::string& out);
  Result<void> end(SessionStreamId id, std::uint8_t flow, Bytes trailer);
  void reset(SessionStreamId id, ResetCode code, std::string_view text);

 private:
  Result<StreamState*> find(SessionStreamId id);
  Result<StreamState*> find_to_send(SessionStreamId id);
  Result<void> check_open(SessionFlows flows, Bytes request) const;
  Result<bool> charge(StreamState& stream, Bytes payload);
  bool has_room() const { return core_.output.size() < core_.options.unsent_max; }

  SessionCore& core_;
};

}  // namespace hotline::session
