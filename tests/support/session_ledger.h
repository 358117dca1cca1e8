#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "hotline/session/session_event.h"

// What one end of a session has received on a stream, as a test sees it: what may come next.

namespace hotline::test {

/// The byte of a flow at an offset: what arrives can be checked without what was sent.
inline char pattern_at(SessionStreamId stream, std::uint8_t flow, std::uint64_t offset) {
  return static_cast<char>((offset * 31 + stream * 7 + flow * 101) & 0xff);
}

using Pattern = char(SessionStreamId stream, std::uint8_t flow, std::uint64_t offset);

/// What has arrived of a flow, or of messages, and how much may.
struct Incoming {
  std::uint64_t received = 0;
  std::uint64_t allowed = 0;  ///< All credit that was granted.
  bool is_ended = false;
};

/// One stream. Each function notes an event, and returns what is wrong with it, or "".
struct ModelStream {
  std::map<std::uint8_t, Incoming> incoming{};
  bool is_reset = false;  ///< By the peer.
  bool is_over = false;   ///< By this end: nothing more may be delivered.

  /// The bytes are compared with `pattern`, unless it is null.
  std::string_view problem_in_data(const SessionEvent& event, Pattern* pattern) {
    const auto found = incoming.find(event.flow);
    if (found == incoming.end()) return "DATA of a flow that the peer lacks";
    Incoming& flow = found->second;
    if (event.offset != flow.received) return "DATA does not continue";
    if (flow.is_ended) return "DATA after the end";
    if (event.bytes.empty()) return "empty DATA";
    for (std::size_t i = 0; i < event.bytes.size() && pattern != nullptr; ++i) {
      const char expected = pattern(event.stream, event.flow, event.offset + i);
      if (as_text(event.bytes)[i] != expected) return "DATA has changed";
    }
    flow.received += event.bytes.size();
    return flow.received > flow.allowed ? "DATA beyond the credit" : "";
  }

  /// Messages, requests and answers. Those that are skipped are not seen, and cost nothing.
  std::string_view problem_in_cost(const SessionEvent& event) {
    Incoming& messages = incoming[kMessageFlow];
    if (messages.is_ended) return "a message after the end";
    messages.received += event.cost;
    return messages.received > messages.allowed ? "messages beyond the credit" : "";
  }

  std::string_view problem_in_end(const SessionEvent& event) {
    const auto found = incoming.find(event.flow);
    if (found == incoming.end()) return "END of a flow that the peer lacks";
    if (found->second.is_ended) return "END twice";
    found->second.is_ended = true;
    const bool is_whole = event.flow == kMessageFlow || event.offset == found->second.received;
    return is_whole ? "" : "END although bytes are missing";
  }
};

}  // namespace hotline::test
