#include "hotline/session/session_event.h"

#include <utility>

namespace hotline {
namespace {

ErrorKind kind_of(const SessionFailure& failure) {
  switch (failure.cause) {
    case SessionFailure::Cause::cut: return ErrorKind::truncated;
    case SessionFailure::Cause::silent: return ErrorKind::unresponsive;
    case SessionFailure::Cause::here: return ErrorKind::cancelled;
    case SessionFailure::Cause::by_peer: return ErrorKind::reset;
    case SessionFailure::Cause::violated: break;
  }
  return ErrorKind::protocol_violation;
}

std::string detail_of(const SessionFailure& failure) {
  switch (failure.cause) {
    case SessionFailure::Cause::cut: return "the connection ended before the session did";
    case SessionFailure::Cause::silent: return "nothing arrived from the peer for too long";
    case SessionFailure::Cause::here: return "this end broke it off: " + failure.text;
    case SessionFailure::Cause::violated: return "the peer " + failure.text;
    case SessionFailure::Cause::by_peer: break;
  }
  return "the peer ended it (" + std::string(name_of(failure.code)) +
         "): " + escape(as_bytes(failure.text), kSessionTextMax);
}

std::string advice_of(const SessionFailure& failure) {
  if (failure.code == SessionCode::other_protocol) {
    return "the other end offers another service: check the endpoint";
  }
  if (failure.code == SessionCode::version) return "update the older one of the two programs";
  return {};
}

}  // namespace

Error SessionFailure::to_error(std::string endpoint) const {
  return make_error(kind_of(*this), "continue the session with", std::move(endpoint),
                    detail_of(*this), advice_of(*this));
}

}  // namespace hotline
