#include "cli/peer_end.h"

namespace hotline::cli {

bool PeerEnd::may_go_on_after(const Error& error) {
  switch (error.kind) {
    case ErrorKind::timed_out:
    case ErrorKind::draining:
    case ErrorKind::cancelled: return true;
    default: end_ = error; return false;
  }
}

Result<void> PeerEnd::check_whole() const {
  if (!end_ || has_closed()) return {};
  return fail(*end_);
}

Result<void> PeerEnd::explain(Result<void> sent) const {
  const bool has_reason = end_ && end_->kind == ErrorKind::protocol_violation;
  if (sent || !has_reason) return sent;
  return fail(*end_);
}

Result<void> PeerEnd::check_open(const Endpoint& peer) const {
  if (!end_) return {};
  return fail(make_error(end_->kind, "send to", peer.to_string(),
                         has_closed() ? "the peer has hung up" : "",
                         "the messages before this one were sent; call again for the rest"));
}

}  // namespace hotline::cli
