#include "hotline/engine/inherited_signals.h"

#include <signal.h>
#include <unistd.h>

#include "engine/signal_actions.h"
#include "engine/terminal_guard.h"

namespace hotline {

void reset_inherited_signals() {
  engine::keep_ends_of_children();
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

void end_by_signal(int signal) {
  engine::restore_guarded_terminal();
  ::signal(signal, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
  // The default action of a few signals is not to end the process.
  ::_exit(128 + signal);
}

}  // namespace hotline
