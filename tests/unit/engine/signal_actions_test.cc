#include "engine/signal_actions.h"

#include <signal.h>

#include <initializer_list>

#include <doctest/doctest.h>

#include "support/kept_action.h"

namespace hotline::engine::signal_actions_test {
namespace {

using test::KeptAction;

struct sigaction action_of(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action;
}

void own_handler(int) {}

}  // namespace

TEST_CASE("the signals of writes that fail are ignored unless the program has a handler") {
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    CAPTURE(signal);
    const KeptAction kept(signal);
    ::signal(signal, SIG_DFL);
    ignore_failed_writes();
    CHECK((action_of(signal).sa_handler == SIG_IGN));
    ::signal(signal, own_handler);
    ignore_failed_writes();
    CHECK((action_of(signal).sa_handler == own_handler));
  }
}

TEST_CASE("the ends of children are kept: SIGCHLD is not ignored, and own handlers stay") {
  const KeptAction kept(SIGCHLD);
  ::signal(SIGCHLD, SIG_IGN);
  keep_ends_of_children();
  CHECK((action_of(SIGCHLD).sa_handler == SIG_DFL));

  struct sigaction own {};
  own.sa_handler = own_handler;
  own.sa_flags = SA_NOCLDWAIT | SA_RESTART;
  ::sigaction(SIGCHLD, &own, nullptr);
  keep_ends_of_children();
  CHECK((action_of(SIGCHLD).sa_handler == own_handler));
  CHECK((action_of(SIGCHLD).sa_flags & SA_NOCLDWAIT) == 0);
  CHECK((action_of(SIGCHLD).sa_flags & SA_RESTART) != 0);
}

}  // namespace hotline::engine::signal_actions_test
