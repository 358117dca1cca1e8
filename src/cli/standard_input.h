#pragma once

#include <cstddef>
#include <cstdint>

#include "cli/message_source.h"
#include "hotline/core/bytes.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Standard input as a descriptor, which can be waited for together with a peer's socket, as stdio
/// cannot. Code that uses it must not use `stdin`.
class StandardInput {
 public:
  /// What ended a wait.
  enum class Ready : std::uint8_t { input, peer, interrupted };

  static bool is_terminal();

  /// Returns true if read() would return at once.
  static bool is_ready();

  /// Waits until there is input, or something on the socket `peer_descriptor`, or a signal handler
  /// has run. If both are there, returns input. With a negative descriptor, waits for input only.
  static Ready wait(int peer_descriptor);

  /// Waits until read() would return at once. Suspends the fiber. Fails as wait_readable() does.
  static Result<void> wait_ready();

  /// Reads some input. Returns how many bytes, 0 at its end, or a negated errno.
  static std::ptrdiff_t read(MutableBytes into);
};

/// Waits as StandardInput::wait() does, for input or `peer`, whose bytes may be here already.
StandardInput::Ready wait_for_input(const PeerWatch& peer);

/// Returns true if standard output is a terminal.
bool is_output_terminal();

/// Returns true if standard error is a terminal.
bool is_error_terminal();

}  // namespace hotline::cli
