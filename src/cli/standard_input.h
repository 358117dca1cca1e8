#pragma once

#include <cstddef>
#include <cstdint>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Standard input as a descriptor: what waits for it and for a peer's socket at once, which stdio
/// cannot. Whoever uses it leaves `stdin` alone.
class StandardInput {
 public:
  /// What a wait ended with.
  enum class Ready : std::uint8_t { input, peer, interrupted };

  static bool is_terminal();

  /// Whether read would return at once.
  static bool is_ready();

  /// Waits until there is input, or something on the socket `peer_descriptor`, or a signal handler
  /// has run. Input comes first if both are there. A negative descriptor waits for input alone.
  static Ready wait(int peer_descriptor);

  /// Some bytes of input, or 0 at its end: how many, or a negated errno.
  static std::ptrdiff_t read(MutableBytes into);
};

/// Whether standard output is a terminal.
bool is_output_terminal();

}  // namespace hotline::cli
