#include "engine/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"

namespace hotline::engine::terminal_test {
namespace {

/// Gives this process, which is a child of its own session, a terminal. Returns its other end.
UniqueFd take_terminal() {
  UniqueFd other(::posix_openpt(O_RDWR | O_NOCTTY));
  if (!other || ::grantpt(other.get()) != 0 || ::unlockpt(other.get()) != 0) ::_exit(10);
  const int terminal = ::open(::ptsname(other.get()), O_RDWR);
  if (terminal < 0 || ::ioctl(terminal, TIOCSCTTY, 0) != 0) ::_exit(11);
  return other;
}

}  // namespace

TEST_CASE("a process has a terminal from the time that it takes one until that is closed") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGHUP, SIG_IGN);
    if (::setsid() < 0 || has_terminal()) ::_exit(1);
    UniqueFd other = take_terminal();
    if (!has_terminal()) ::_exit(2);
    other.reset();
    ::_exit(has_terminal() ? 3 : EXIT_SUCCESS);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace hotline::engine::terminal_test
