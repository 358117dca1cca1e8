#pragma once

#include "engine/buffer.h"
#include "engine/operation.h"
#include "hotline/core/bytes.h"

namespace hotline::engine {

class Engine;

/// Receives from a stream socket: a count, 0 at its end. Into `into`; if that is empty, into a
/// buffer of the engine's, taken only when there is data. recv(2).
class Receive final : public Operation {
 public:
  Receive(Channel& channel, Engine& engine, MutableBytes into = {})
      : Operation(Kind::receive, channel, Direction::read), engine_(engine), into_(into) {}

  int attempt() noexcept override;

  /// A read that did not fill the buffer emptied the socket; the next edge will tell of more, and
  /// the engine knows from its events whether the end has been seen already.
  bool has_exhausted(int result) const noexcept override;

  /// Completes with what `received` holds; what does not fit into into() stays with the channel.
  int take(Buffer received);

  MutableBytes into() const { return into_; }

  /// After success without `into`: the bytes, filled() of them.
  Buffer buffer;

 private:
  Engine& engine_;
  MutableBytes into_;
};

}  // namespace hotline::engine
