#include "hotline/session/session_protocol.h"

#include <utility>

#include "core/check.h"
#include "session/receiver.h"
#include "session/sender.h"
#include "session/session_core.h"

namespace hotline {
namespace {

using Beat = session::Heartbeat::Beat;

}  // namespace

struct SessionProtocol::State {
  State(SessionRole role, SessionOptions options, Instant now)
      : core(role, std::move(options), now) {}

  session::SessionCore core;
  session::Receiver receiver{core};
  session::Sender sender{core};
};

SessionProtocol::SessionProtocol(SessionRole role, SessionOptions options, Instant now) {
  check_use(options.check().has_value(),
            "the options of a session are wrong: SessionOptions::check() says why");
  state_ = std::make_unique<State>(role, std::move(options), now);
}

SessionProtocol::SessionProtocol(SessionProtocol&&) noexcept = default;
SessionProtocol& SessionProtocol::operator=(SessionProtocol&&) noexcept = default;
SessionProtocol::~SessionProtocol() = default;

SessionEvent SessionProtocol::receive(Bytes& input, Instant now) {
  return state_->receiver.next(input, now);
}

SessionEvent SessionProtocol::receive_end() { return state_->receiver.end(); }

Deadline SessionProtocol::next_deadline() const {
  return state_->core.failure ? Deadline::never() : state_->core.heartbeat.next();
}

SessionEvent SessionProtocol::on_time(Instant now) {
  session::SessionCore& core = state_->core;
  if (core.failure) return {};
  switch (core.heartbeat.on_time(now)) {
    case Beat::nothing: return {};
    case Beat::ping:
      session::append_ping(core.output, session::FrameType::ping, core.heartbeat.ping_value());
      return {};
    case Beat::silent: break;
  }
  core.fail_with_goodbye(SessionFailure::Cause::silent, SessionCode::unresponsive,
                         "nothing arrived for too long");
  SessionEvent failed;
  failed.kind = SessionEvent::Kind::failed;
  return failed;
}

void SessionProtocol::take_output(std::string& out) { state_->core.take_output(out); }

bool SessionProtocol::has_output() const { return state_->core.has_output(); }

std::size_t SessionProtocol::output_size() const { return state_->core.output.size(); }

Result<std::optional<SessionStreamId>> SessionProtocol::open(SessionFlows flows, Bytes request) {
  return state_->sender.open(flows, request);
}

Result<bool> SessionProtocol::accept(SessionStreamId stream, Bytes answer) {
  return state_->sender.accept(stream, answer);
}

Result<bool> SessionProtocol::send(SessionStreamId stream, const SessionMessage& message) {
  return state_->sender.send(stream, message);
}

Result<std::size_t> SessionProtocol::begin_data(SessionStreamId stream, std::uint8_t flow,
                                                std::size_t size, std::string& out) {
  return state_->sender.begin_data(stream, flow, size, out);
}

Result<void> SessionProtocol::end(SessionStreamId stream, std::uint8_t flow, Bytes trailer) {
  return state_->sender.end(stream, flow, trailer);
}

void SessionProtocol::reset(SessionStreamId stream, ResetCode code, std::string_view text) {
  state_->sender.reset(stream, code, text);
}

void SessionProtocol::grant(SessionStreamId stream, std::uint8_t flow, std::uint32_t bytes) {
  state_->core.grant(stream, flow, bytes);
}

void SessionProtocol::say_goodbye() { state_->core.say_goodbye(); }

void SessionProtocol::break_off(SessionCode code, std::string_view text) {
  check_use(code != SessionCode::drain, "a session is not broken off to drain: say_goodbye()");
  state_->core.fail_with_goodbye(SessionFailure::Cause::here, code, text);
}

std::uint64_t SessionProtocol::credit(SessionStreamId stream, std::uint8_t flow) const {
  const session::StreamState* const found = std::as_const(state_->core.streams).find(stream);
  const session::Flow* const sent = found == nullptr ? nullptr : found->outgoing(flow);
  return sent == nullptr || sent->is_ended ? 0 : sent->credit();
}

bool SessionProtocol::has(SessionStreamId stream) const {
  return state_->core.streams.find(stream) != nullptr;
}

std::size_t SessionProtocol::stream_count() const { return state_->core.streams.size(); }

std::size_t SessionProtocol::opened_count() const { return state_->core.streams.own_count(); }

bool SessionProtocol::is_ready() const { return state_->core.peer.has_value(); }

bool SessionProtocol::is_draining() const { return state_->core.is_goodbye_sent(); }

bool SessionProtocol::is_finished() const { return state_->core.is_finished(); }

const std::optional<SessionFailure>& SessionProtocol::failure() const {
  return state_->core.failure;
}

std::optional<Duration> SessionProtocol::round_trip() const {
  return state_->core.heartbeat.round_trip();
}

}  // namespace hotline
