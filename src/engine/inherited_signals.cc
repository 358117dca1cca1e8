#include "hotline/engine/inherited_signals.h"

#include <signal.h>

#include "engine/signal_actions.h"

namespace hotline {

void reset_inherited_signals() {
  engine::keep_ends_of_children();
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace hotline
