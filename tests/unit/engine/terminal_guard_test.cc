#include "engine/terminal_guard.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"

namespace hotline::engine::terminal_guard_test {
namespace {

/// A terminal, and how often a change of it was reported.
struct Guarded {
  Guarded() : user(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(::grantpt(user.get()) == 0);
    REQUIRE(::unlockpt(user.get()) == 0);
    terminal = UniqueFd(::open(::ptsname(user.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    counter = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    settings.fd = terminal.get();
    settings.changed_counter = counter.get();
    REQUIRE(::tcgetattr(terminal.get(), &settings.own) == 0);
    settings.used = settings.own;
    settings.used.c_lflag &= ~tcflag_t{ECHO};
  }

  bool echoes() const {
    termios now{};
    REQUIRE(::tcgetattr(terminal.get(), &now) == 0);
    return (now.c_lflag & ECHO) != 0;
  }

  eventfd_t changes() const {
    eventfd_t count = 0;
    return ::eventfd_read(counter.get(), &count) == 0 ? count : 0;
  }

  UniqueFd user;
  UniqueFd terminal;
  UniqueFd counter;
  GuardedTerminal settings{};
};

}  // namespace

TEST_CASE("a terminal has the settings in use while it is guarded") {
  const Guarded guarded;
  REQUIRE(guard_terminal(guarded.settings) == 0);
  CHECK_FALSE(guarded.echoes());
  release_guarded_terminal();
  CHECK(guarded.echoes());
}

TEST_CASE("a second terminal is refused, and the first one stays guarded") {
  const Guarded first;
  const Guarded second;
  REQUIRE(guard_terminal(first.settings) == 0);
  CHECK(guard_terminal(second.settings) == -EBUSY);
  CHECK(second.echoes());
  release_guarded_terminal();
  CHECK(first.echoes());
}

TEST_CASE("what is not a terminal is refused, and then no terminal is guarded") {
  const Guarded guarded;
  GuardedTerminal not_one = guarded.settings;
  not_one.fd = guarded.counter.get();
  CHECK(guard_terminal(not_one) == -ENOTTY);
  REQUIRE(guard_terminal(guarded.settings) == 0);
  release_guarded_terminal();
}

TEST_CASE("without a guarded terminal there is nothing to restore") {
  restore_guarded_terminal();
  const Guarded guarded;
  REQUIRE(guard_terminal(guarded.settings) == 0);
  restore_guarded_terminal();
  CHECK(guarded.echoes());
  restore_guarded_terminal();
  release_guarded_terminal();
}

TEST_CASE("a change of the window and a continuation are reported") {
  const Guarded guarded;
  REQUIRE(guard_terminal(guarded.settings) == 0);
  ::raise(SIGWINCH);
  CHECK(guarded.changes() == 1);
  ::raise(SIGCONT);
  CHECK(guarded.changes() == 1);
  CHECK(guarded.changes() == 0);
  release_guarded_terminal();
}

TEST_CASE("a continuation gives the terminal the settings in use again") {
  const Guarded guarded;
  REQUIRE(guard_terminal(guarded.settings) == 0);
  REQUIRE(::tcsetattr(guarded.terminal.get(), TCSANOW, &guarded.settings.own) == 0);
  ::raise(SIGCONT);
  CHECK_FALSE(guarded.echoes());
  release_guarded_terminal();
}

}  // namespace hotline::engine::terminal_guard_test
