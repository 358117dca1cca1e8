#pragma once

#include <cstddef>

#include "engine/buffer.h"
#include "engine/channel.h"
#include "engine/operation.h"
#include "hotline/core/bytes.h"

namespace hotline::engine {

class Engine;

/// Receives from a stream socket. The result is a count, 0 at the end of the stream. Receives into
/// `into`, or, if that is empty, into a buffer of the engine, which is taken only when there is
/// data, or for a wait in the call. recv(2).
class Receive final : public Operation {
 public:
  Receive(Channel& channel, Engine& engine, MutableBytes into = {})
      : Operation(Kind::receive, channel, Direction::read), engine_(engine), into_(into) {}

  static constexpr std::size_t kSmallBytes = 512;

  int attempt() noexcept override;
  bool can_wait_in_call() const noexcept override { return channel().call_wait.is_on(); }
  int attempt_waiting() noexcept override;

  /// A read that did not fill the buffer emptied the socket. The next edge reports more data, and
  /// the engine knows from its events whether the end has been seen already.
  bool has_exhausted(int result) const noexcept override;

  /// Completes with what `received` holds. What does not fit into into() stays with the channel.
  int take(Buffer received);

  MutableBytes into() const { return into_; }

  /// Lets the following attempts receive into small memory of their own instead of a buffer of the
  /// engine.
  void use_small_buffer() { is_small_ = true; }
  void use_pooled_buffer() { is_small_ = false; }

  /// Returns how many bytes have arrived. FIONREAD of tcp(7), unix(7).
  std::size_t pending_bytes() const noexcept;

  /// After success without `into`: holds the bytes, filled() of them.
  Buffer buffer;

 private:
  Buffer take_buffer() const noexcept;
  int receive(int flags) noexcept;

  Engine& engine_;
  MutableBytes into_;
  bool is_small_ = false;
};

}  // namespace hotline::engine
