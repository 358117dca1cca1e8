#pragma once

#include <cstdint>
#include <string>

#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"
#include "hotline/engine/process.h"

namespace hotline::engine {

/// Both ends of a pseudo-terminal. pty(7).
struct PseudoTerminal {
  UniqueFd near;  ///< Where the server reads and writes. Non-blocking.
  UniqueFd far;   ///< What the program has.
};

/// Makes a terminal that nothing has opened yet as its controlling one. Fails with `unsupported` if
/// the system has none, and with `resource_exhausted`.
Result<PseudoTerminal> open_pseudo_terminal(const TerminalOptions& options);

/// Sets the size of the terminal with the near end `terminal`. Returns 0 or a negated errno.
int resize_terminal(int terminal, std::uint16_t rows, std::uint16_t columns);

/// Returns true if no program has the far end open, given the near end. A write there may succeed
/// nevertheless.
bool is_hung_up(int terminal);

/// Returns what a user would type for an end of the input, after having typed `last`. Empty if the
/// terminal with the near end `terminal` has no end-of-file character.
std::string typed_end(int terminal, char last);

}  // namespace hotline::engine
