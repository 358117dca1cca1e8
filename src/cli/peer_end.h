#pragma once

#include <optional>

#include "hotline/core/error.h"
#include "hotline/core/result.h"
#include "hotline/net/endpoint.h"

namespace hotline::cli {

/// The end of a call by its peer, if it has ended, and why. A value.
class PeerEnd {
 public:
  /// Notes the error of a receive. Returns true if bytes may still follow: that is, if a deadline,
  /// a drain or a cancel ended the wait but not the call.
  bool may_go_on_after(const Error& error);

  bool has_ended() const { return end_.has_value(); }

  /// Returns true if the peer has closed in good order.
  bool has_closed() const { return end_ && end_->kind == ErrorKind::closed; }

  /// Fails with the error that broke the call off, if one did.
  Result<void> check_whole() const;

  /// Returns `sent`, the result of a send, or what the peer said before it ended the call, such as
  /// an alert of TLS, if that says more than that the connection is gone.
  Result<void> explain(Result<void> sent) const;

  /// Fails, as a send to `peer` would, if the peer has ended the call.
  Result<void> check_open(const Endpoint& peer) const;

 private:
  std::optional<Error> end_;
};

}  // namespace hotline::cli
