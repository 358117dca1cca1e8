#pragma once

#include "engine/operation.h"

namespace hotline::engine {

/// Takes one connection from a listening socket: its descriptor, non-blocking and close-on-exec.
/// accept4(2).
class Accept final : public Operation {
 public:
  /// `ahead`: whether connections beyond this one may be taken too, for later accepts to give.
  enum class Ahead : bool { none, allowed };

  explicit Accept(Channel& channel, Ahead ahead = Ahead::allowed)
      : Operation(Kind::accept, channel, Direction::read), ahead_(ahead) {}

  int attempt() noexcept override;

  bool may_run_ahead() const { return ahead_ == Ahead::allowed; }

 private:
  Ahead ahead_;
};

}  // namespace hotline::engine
