#include "engine/launcher/pseudo_terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::engine::pseudo_terminal_test {
namespace {

PseudoTerminal opened(const TerminalOptions& options = {}) {
  auto terminal = open_pseudo_terminal(options);
  REQUIRE_MESSAGE(terminal, (terminal ? "" : terminal.error().message()));
  return std::move(*terminal);
}

winsize size_of(int terminal) {
  winsize size{};
  REQUIRE(::ioctl(terminal, TIOCGWINSZ, &size) == 0);
  return size;
}

void change_modes(int terminal, const std::function<void(termios&)>& change) {
  termios modes{};
  REQUIRE(::tcgetattr(terminal, &modes) == 0);
  change(modes);
  REQUIRE(::tcsetattr(terminal, TCSANOW, &modes) == 0);
}

}  // namespace

TEST_CASE("a terminal has its size from the beginning, and no program inherits its ends") {
  const PseudoTerminal terminal = opened({.rows = 7, .columns = 65'535});
  CHECK(::isatty(terminal.far.get()) == 1);
  CHECK(size_of(terminal.far.get()).ws_row == 7);
  CHECK(size_of(terminal.far.get()).ws_col == 65'535);
  for (const UniqueFd* each : {&terminal.near, &terminal.far}) {
    CHECK(::fcntl(each->get(), F_GETFD) == FD_CLOEXEC);
  }
}

TEST_CASE("only the near end of a terminal is non-blocking") {
  const PseudoTerminal terminal = opened();
  CHECK((::fcntl(terminal.near.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(terminal.far.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a terminal can be resized") {
  const PseudoTerminal terminal = opened();
  CHECK(resize_terminal(terminal.near.get(), 50, 132) == 0);
  CHECK(size_of(terminal.far.get()).ws_row == 50);
  CHECK(size_of(terminal.far.get()).ws_col == 132);
  CHECK(resize_terminal(-1, 50, 132) == -EBADF);
}

TEST_CASE("a terminal is hung up when its far end is closed") {
  PseudoTerminal terminal = opened();
  CHECK_FALSE(is_hung_up(terminal.near.get()));
  terminal.far.reset();
  CHECK(is_hung_up(terminal.near.get()));
}

TEST_CASE("an end is typed once after a line, and twice within one") {
  const PseudoTerminal terminal = opened();
  for (const char last : {'\n', '\r', '\4'}) CHECK(typed_end(terminal.near.get(), last) == "\4");
  CHECK(typed_end(terminal.near.get(), 'x') == "\4\4");
}

TEST_CASE("an end is typed once if lines are not read, and is the character that was set") {
  const PseudoTerminal terminal = opened();
  change_modes(terminal.far.get(), [](termios& modes) { modes.c_cc[VEOF] = 5; });
  CHECK(typed_end(terminal.near.get(), 'x') == "\5\5");
  change_modes(terminal.far.get(), [](termios& modes) {
    modes.c_lflag &= ~static_cast<tcflag_t>(ICANON);
    modes.c_cc[VEOF] = 5;
  });
  CHECK(typed_end(terminal.near.get(), 'x') == "\5");
  change_modes(terminal.far.get(), [](termios& modes) { modes.c_cc[VEOF] = _POSIX_VDISABLE; });
  CHECK(typed_end(terminal.near.get(), 'x').empty());
  CHECK(typed_end(-1, 'x').empty());
}

TEST_CASE("without a descriptor left no terminal is opened") {
  const auto report = test::in_child_process([] {
    const int next = ::dup(0);
    ::close(next);
    for (rlim_t more = 0; more < 2; ++more) {
      const rlimit few{static_cast<rlim_t>(next) + more, static_cast<rlim_t>(next) + 100};
      ::setrlimit(RLIMIT_NOFILE, &few);
      if (test::kind_of(open_pseudo_terminal({})) != "resource_exhausted") ::_exit(1);
    }
  });
  CHECK(report.exit_status == 0);
}

}  // namespace hotline::engine::pseudo_terminal_test
