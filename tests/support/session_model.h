#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/session/session_protocol.h"
#include "support/session_ledger.h"

// Two ends of a session in memory that do anything their interface allows, in an order that a
// source of numbers chooses, and a model that checks what arrives: for the property test and the
// fuzzer.

namespace hotline::test {

/// Returns a number below `bound`, which is at least 1.
using Choices = std::function<std::uint32_t(std::uint32_t bound)>;

/// One end with an application that acts at random.
class ModelEnd {
 public:
  ModelEnd(SessionRole role, const SessionOptions& options, Choices& choices)
      : options_(options), choices_(choices), session_(role, options, now_) {}

  /// What a violation of the contract looks like; empty while there is none.
  const std::string& problem() const { return problem_; }
  const SessionProtocol& session() const { return session_; }
  std::size_t delivered() const { return delivered_; }
  std::size_t completed() const { return completed_; }

  /// Bytes that were sent and have not been delivered to the other end.
  std::string wire{};

  /// Set if bytes on the wire were changed: contents and the absence of failures are not checked.
  bool is_wire_changed = false;

  /// Does one thing.
  void act() {
    switch (choices_(12)) {
      case 0: return open();
      case 1: return with_stream([this](SessionStreamId id) { accept(id); });
      case 2: return with_stream([this](SessionStreamId id) { send(id); });
      case 3:
      case 4:
      case 5: return with_stream([this](SessionStreamId id) { send_data(id); });
      case 6: return with_stream([this](SessionStreamId id) { end(id); });
      case 7: return with_stream([this](SessionStreamId id) { grant(id); });
      case 8:
        if (choices_(4) == 0) with_stream([this](SessionStreamId id) { reset(id); });
        return;
      case 9: return pass_time();
      default: return take();
    }
  }

  void say_goodbye() { session_.say_goodbye(); }

  /// Brings everything to its end, as far as it can now: call it by turns with deliver().
  void wind_down() {
    session_.say_goodbye();
    const auto streams = streams_;
    for (const auto& [id, stream] : streams) {
      if (stream.is_reset) session_.reset(id, ResetCode::not_needed);
      discard(session_.accept(id, {}));
      for (std::uint8_t flow = 0; flow < kSessionFlowsMax; ++flow) discard(session_.end(id, flow));
      discard(session_.end(id, kMessageFlow));
      for (const auto& [flow, incoming] : stream.incoming) grant_all(id, flow);
      forget_if_closed(id);
    }
    take();
  }

  void take() {
    std::string out;
    session_.take_output(out);
    wire += out;
    check_memory();
  }

  /// Receives `bytes`, and checks each event.
  void deliver(std::string_view bytes) {
    Bytes input = as_bytes(bytes);
    for (;;) {
      const SessionEvent event = session_.receive(input, now_);
      if (event.kind == SessionEvent::Kind::none) break;
      note(event);
    }
    if (!input.empty()) fail_model("bytes are left without an event");
    check_memory();
  }

  /// The connection ends here.
  void cut() {
    const bool was_finished = session_.is_finished();
    const bool had_failed = session_.failure().has_value();
    const bool has_failed = session_.receive_end().kind == SessionEvent::Kind::failed;
    if (has_failed && had_failed) fail_model("a session failed twice");
    if (!was_finished && !had_failed && !has_failed) fail_model("a cut was taken for an end");
    if (has_failed && session_.stream_count() != 0) fail_model("a stream outlives its session");
  }

 private:
  void fail_model(std::string_view what) {
    if (problem_.empty()) problem_ = what;
  }

  void with_stream(const std::function<void(SessionStreamId)>& action) {
    if (streams_.empty()) return;
    const auto nth = choices_(static_cast<std::uint32_t>(streams_.size()));
    const SessionStreamId id = std::next(streams_.begin(), nth)->first;
    action(id);
    forget_if_closed(id);
  }

  void forget_if_closed(SessionStreamId id) {
    const auto found = streams_.find(id);
    if (found == streams_.end() || session_.has(id)) return;
    if (!found->second.is_reset && !found->second.is_over) ++completed_;
    streams_.erase(found);
  }

  void add_stream(SessionStreamId id, SessionFlows flows, std::uint8_t first, std::uint8_t end) {
    ModelStream& stream = streams_[id];
    if (!stream.incoming.empty()) fail_model("a stream was opened twice");
    for (std::uint8_t flow = first; flow < end; ++flow) {
      stream.incoming[flow].allowed = options_.flow_credit;
    }
    stream.incoming[kMessageFlow].allowed = options_.message_credit;
    static_cast<void>(flows);
  }

  std::string bytes_of(std::uint32_t size_max) { return std::string(choices_(size_max + 1), 'p'); }

  void open() {
    const SessionFlows flows{static_cast<std::uint8_t>(choices_(3)),
                             static_cast<std::uint8_t>(choices_(2))};
    const auto opened = session_.open(flows, as_bytes(bytes_of(300)));
    if (!opened || !*opened) return;
    add_stream(**opened, flows, flows.from_opener,
               static_cast<std::uint8_t>(flows.from_opener + flows.from_accepter));
  }

  void accept(SessionStreamId id) { discard(session_.accept(id, as_bytes(bytes_of(100)))); }

  void send(SessionStreamId id) {
    const std::string payload = bytes_of(options_.frame_max);
    const auto type = static_cast<std::uint8_t>(kFirstMessageType + choices_(8));
    const auto known = static_cast<std::uint8_t>(kFirstMessageType + options_.message_types);
    discard(session_.send(id, {.type = type,
                               .flags = static_cast<std::uint8_t>(choices_(128)),
                               .is_critical = type < known && choices_(2) == 0,
                               .payload = as_bytes(payload)}));
  }

  void send_data(SessionStreamId id) {
    const auto flow = static_cast<std::uint8_t>(choices_(3));
    std::string out;
    const std::uint64_t before = session_.credit(id, flow);
    const auto size = session_.begin_data(id, flow, 1 + choices_(5'000), out);
    if (!size || *size == 0) return;
    if (*size > before) fail_model("more DATA than there is credit");
    std::uint64_t& offset = sent_[{id, flow}];
    for (std::size_t i = 0; i < *size; ++i) out += pattern_at(id, flow, offset++);
    wire += out;
  }

  void end(SessionStreamId id) {
    const std::uint32_t choice = choices_(4);
    discard(session_.end(id, choice == 3 ? kMessageFlow : static_cast<std::uint8_t>(choice)));
  }

  void grant(SessionStreamId id) {
    auto& incoming = streams_[id].incoming;
    const auto nth = choices_(static_cast<std::uint32_t>(incoming.size()));
    grant_on(id, std::next(incoming.begin(), nth)->first, choices_(3'000));
  }

  void grant_all(SessionStreamId id, std::uint8_t flow) { grant_on(id, flow, 100'000); }

  void grant_on(SessionStreamId id, std::uint8_t flow, std::uint32_t bytes) {
    session_.grant(id, flow, bytes);
    streams_[id].incoming[flow].allowed += bytes;
  }

  void reset(SessionStreamId id) {
    streams_[id].is_over = true;
    session_.reset(id, static_cast<ResetCode>(choices_(6)), bytes_of(600));
  }

  void pass_time() {
    now_ += std::chrono::seconds(choices_(3));
    const bool had_failed = session_.failure().has_value();
    if (session_.on_time(now_).kind == SessionEvent::Kind::failed && had_failed) {
      fail_model("a session failed twice");
    }
  }

  void note(const SessionEvent& event) {
    using Kind = SessionEvent::Kind;
    if (has_failed_) return fail_model("an event after the failure");
    switch (event.kind) {
      case Kind::none:
      case Kind::ready:
      case Kind::goodbye: return;
      case Kind::failed: return note_failure();
      case Kind::opened:
        add_stream(event.stream, event.flows, 0, event.flows.from_opener);
        return note_cost(event);
      default: return note_on_stream(event);
    }
  }

  void note_failure() {
    has_failed_ = true;
    if (!session_.failure()) return fail_model("a failure without a reason");
    if (!is_wire_changed && !is_of_silence(*session_.failure())) {
      fail_model("failed: " + session_.failure()->to_error({}).message());
    }
  }

  /// The time that passes here may be too long for this end, or for the peer.
  static bool is_of_silence(const SessionFailure& failure) {
    return failure.cause == SessionFailure::Cause::silent ||
           (failure.cause == SessionFailure::Cause::by_peer &&
            failure.code == SessionCode::unresponsive);
  }

  void note_on_stream(const SessionEvent& event) {
    using Kind = SessionEvent::Kind;
    const auto found = streams_.find(event.stream);
    if (found == streams_.end()) return fail_model("an event of a stream that is not open");
    ModelStream& stream = found->second;
    if (stream.is_over) return fail_model("an event of a stream that this end has reset");
    if (stream.is_reset) return fail_model("an event of a stream that the peer has reset");
    switch (event.kind) {
      case Kind::data:
        fail_model(stream.problem_in_data(event, pattern()));
        delivered_ += event.bytes.size();
        break;
      case Kind::accepted:
      case Kind::message: note_cost(event); break;
      case Kind::ended: fail_model(stream.problem_in_end(event)); break;
      case Kind::reset: stream.is_reset = true; break;
      default: break;
    }
    if (event.is_closed == session_.has(event.stream)) fail_model("is_closed is wrong");
    forget_if_closed(event.stream);
  }

  void note_cost(const SessionEvent& event) {
    if (event.bytes.size() > options_.frame_max) fail_model("a message over the limit");
    fail_model(streams_[event.stream].problem_in_cost(event));
  }

  Pattern* pattern() const { return is_wire_changed ? nullptr : pattern_at; }

  void check_memory() {
    const std::size_t streams_max = std::size_t{options_.streams_max} + options_.opened_max;
    if (session_.stream_count() > streams_max) fail_model("too many streams");
  }

  SessionOptions options_;
  Choices& choices_;
  Instant now_ = Instant{} + std::chrono::hours(1);
  SessionProtocol session_;
  std::map<SessionStreamId, ModelStream> streams_;
  std::map<std::pair<SessionStreamId, std::uint8_t>, std::uint64_t> sent_;
  std::string problem_;
  std::size_t delivered_ = 0;
  std::size_t completed_ = 0;
  bool has_failed_ = false;
};

/// Delivers some of what `from` has sent.
inline void deliver_some(ModelEnd& from, ModelEnd& to, std::size_t size_max) {
  const std::size_t size = std::min(size_max, from.wire.size());
  // Memory of its own, so that a view of it that is kept is found by a sanitizer.
  const std::string piece = from.wire.substr(0, size);
  from.wire.erase(0, size);
  to.deliver(piece);
}

}  // namespace hotline::test
