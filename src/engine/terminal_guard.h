#pragma once

#include <termios.h>

namespace hotline::engine {

/// A terminal with two settings: its own, and those that this process uses.
struct GuardedTerminal {
  int fd = -1;
  int changed_counter = -1;  ///< An eventfd, which gets 1 when the size may have changed.
  termios own{};
  termios used{};
};

/// Gives `terminal` its `used` settings, and restores its own ones when a signal ends or stops this
/// process: see RawTerminal. Returns 0 or a negated errno; -EBUSY if a terminal is guarded already.
int guard_terminal(const GuardedTerminal& terminal);

/// Restores the own settings of the guarded terminal, if there is one, for good. Any thread; a
/// signal handler may call it.
void restore_guarded_terminal() noexcept;

/// The same, and gives the signals the actions that they had before. The descriptors are not used
/// afterwards.
void release_guarded_terminal() noexcept;

}  // namespace hotline::engine
