#pragma once

#include "engine/operation.h"

namespace hotline::engine {

/// Accepts one connection from a listening socket. The result is its descriptor, non-blocking and
/// close-on-exec. accept4(2).
class Accept final : public Operation {
 public:
  /// Whether the engine may accept further connections in advance, for later accepts.
  enum class Ahead : bool { none, allowed };

  explicit Accept(Channel& channel, Ahead ahead = Ahead::allowed)
      : Operation(Kind::accept, channel, Direction::read), ahead_(ahead) {}

  int attempt() noexcept override;

  bool may_run_ahead() const { return ahead_ == Ahead::allowed; }

 private:
  Ahead ahead_;
};

}  // namespace hotline::engine
