#include "hotline/engine/raw_terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/loop.h"
#include "hotline/engine/signals.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/standard_streams.h"

namespace hotline::raw_terminal_test {
namespace {

/// Makes standard input a terminal while this exists.
class TypedInput {
 public:
  TypedInput() : user_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(user_);
    REQUIRE(::grantpt(user_.get()) == 0);
    REQUIRE(::unlockpt(user_.get()) == 0);
    terminal_ = UniqueFd(::open(::ptsname(user_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(terminal_);
    redirection_.emplace(STDIN_FILENO, terminal_.get());
    before_ = settings();
  }

  termios settings() const {
    termios now{};
    REQUIRE(::tcgetattr(terminal_.get(), &now) == 0);
    return now;
  }

  /// Returns true if the terminal has the settings that it had at first.
  bool is_as_before() const {
    const termios now = settings();
    return now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag &&
           now.c_cflag == before_.c_cflag && now.c_lflag == before_.c_lflag &&
           std::memcmp(now.c_cc, before_.c_cc, sizeof now.c_cc) == 0;
  }

  bool is_raw() const { return (settings().c_lflag & (ICANON | ECHO | ISIG)) == 0; }

  void type(std::string_view keys) const {
    REQUIRE(::write(user_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }

  void set_size(unsigned short columns, unsigned short rows) const {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(::ioctl(user_.get(), TIOCSWINSZ, &size) == 0);
  }

  void hang_up() { user_.reset(); }

 private:
  UniqueFd user_;
  UniqueFd terminal_;
  std::optional<test::Redirection> redirection_;
  termios before_{};
};

RawTerminal opened() {
  auto terminal = RawTerminal::open();
  REQUIRE(terminal.has_value());
  return std::move(*terminal);
}

std::string read_keys(RawTerminal& terminal, std::size_t count) {
  std::string keys;
  std::array<std::byte, 64> room;
  while (keys.size() < count) {
    const auto size = terminal.read_some(room);
    REQUIRE(size.has_value());
    keys += as_text(Bytes(room).first(*size));
  }
  return keys;
}

}  // namespace

TEST_CASE("keys arrive at once and unchanged, and the settings come back") {
  test::on_each_engine([] {
    const TypedInput input;
    {
      RawTerminal terminal = opened();
      CHECK(input.is_raw());
      input.type("a\x03\r\x1a\x11\x04");
      CHECK(read_keys(terminal, 6) == "a\x03\r\x1a\x11\x04");
    }
    CHECK(input.is_as_before());
  });
}

TEST_CASE("standard input that is not a terminal is refused") {
  const test::FedInput input;
  CHECK(test::kind_of(RawTerminal::open()) == "unsupported");
}

TEST_CASE("a process has one at a time") {
  const TypedInput input;
  {
    RawTerminal terminal = opened();
    CHECK(test::kind_of(RawTerminal::open()) == "invalid_argument");
    CHECK(input.is_raw());
    const RawTerminal moved = std::move(terminal);
    CHECK(input.is_raw());
  }
  CHECK(input.is_as_before());
  const RawTerminal again = opened();
  CHECK(input.is_raw());
}

TEST_CASE("a terminal that is restored early stays so") {
  const TypedInput input;
  RawTerminal terminal = opened();
  terminal.restore();
  CHECK(input.is_as_before());
  terminal.restore();
  ::raise(SIGCONT);
  CHECK(input.is_as_before());
}

TEST_CASE("a signal that ends the program restores the settings first") {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) {
    CAPTURE(signal);
    const TypedInput input;
    const test::ChildReport child = test::in_child_process([&] {
      ::signal(signal, SIG_DFL);
      const RawTerminal terminal = opened();
      if (!input.is_raw()) ::_exit(1);
      ::raise(signal);
    });
    CHECK(child.signal == signal);
    CHECK(input.is_as_before());
  }
}

TEST_CASE("a program that ends itself by a signal that it has taken restores them too") {
  const TypedInput input;
  const test::ChildReport child = test::in_child_process([&] {
    auto signals = Signals::block({SIGTERM});
    const RawTerminal terminal = opened();
    ::raise(SIGTERM);
    end_by_signal(*signals->wait());
  });
  CHECK(child.signal == SIGTERM);
  CHECK(input.is_as_before());
}

TEST_CASE("a program's own handler stays, and an ignored signal stays ignored") {
  const TypedInput input;
  const test::ChildReport child = test::in_child_process([&] {
    static volatile sig_atomic_t came = 0;
    ::signal(SIGTERM, [](int) { came = 1; });
    ::signal(SIGHUP, SIG_IGN);
    const RawTerminal terminal = opened();
    ::raise(SIGTERM);
    ::raise(SIGHUP);
    if (came != 1 || !input.is_raw()) ::_exit(1);
  });
  CHECK(child.exit_status == 0);
}

TEST_CASE("the actions of signals come back") {
  const TypedInput input;
  struct sigaction before {};
  ::sigaction(SIGWINCH, nullptr, &before);
  { const RawTerminal terminal = opened(); }
  struct sigaction after {};
  ::sigaction(SIGWINCH, nullptr, &after);
  const bool is_same = after.sa_handler == before.sa_handler;
  CHECK(is_same);
}

TEST_CASE("while the program is stopped the terminal is as before, and then raw again") {
  const TypedInput input;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // A stop has an effect only in a group whose parent is in another one.
    if (::setpgid(0, 0) != 0) ::_exit(1);
    ::signal(SIGTSTP, SIG_DFL);
    RawTerminal terminal = opened();
    terminal.stop_program();
    if (!input.is_raw()) ::_exit(2);
    ::_exit(terminal.wait_resize() ? EXIT_SUCCESS : 3);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
  CHECK(WSTOPSIG(status) == SIGTSTP);
  CHECK(input.is_as_before());
  REQUIRE(::kill(child, SIGCONT) == 0);
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a change of the window ends the wait for it") {
  test::on_each_engine([] {
    const TypedInput input;
    input.set_size(100, 30);
    RawTerminal terminal = opened();
    CHECK(terminal.size() == TerminalSize{.columns = 100, .rows = 30});
    input.set_size(120, 40);
    ::raise(SIGWINCH);
    ::raise(SIGWINCH);
    REQUIRE(terminal.wait_resize().has_value());
    CHECK(terminal.size() == TerminalSize{.columns = 120, .rows = 40});
    CHECK(test::kind_of(terminal.wait_resize(deadline_after(Duration::zero()))) == "timed_out");
  });
}

TEST_CASE("a terminal without a size has none") {
  const TypedInput input;
  input.set_size(0, 0);
  CHECK(opened().size() == std::nullopt);
}

TEST_CASE("waits for keys and for the size end by a cancel, and a key after it is not lost") {
  test::on_each_loop([](engine::EventLoop&) {
    const TypedInput input;
    RawTerminal terminal = opened();
    TaskGroup waits;
    std::string keys;
    std::string size;
    REQUIRE(waits
                .spawn("keys",
                       [&] {
                         std::byte room{};
                         keys = test::kind_of(terminal.read_some({&room, 1}));
                       })
                .has_value());
    REQUIRE(waits.spawn("size", [&] { size = test::kind_of(terminal.wait_resize()); }).has_value());
    waits.cancel();
    REQUIRE(waits.join().has_value());
    CHECK(keys == "cancelled");
    CHECK(size == "cancelled");
    input.type("x");
    CHECK(read_keys(terminal, 1) == "x");
  });
}

TEST_CASE("other settings of the terminal do not end the wait for keys") {
  test::on_each_loop([](engine::EventLoop&) {
    const TypedInput input;
    const termios own = input.settings();
    RawTerminal terminal = opened();
    const termios raw = input.settings();
    TaskGroup reading;
    std::string keys;
    REQUIRE(reading.spawn("keys", [&] { keys = read_keys(terminal, 1); }).has_value());
    for (const termios& settings : {own, raw}) {
      // The reader waits again.
      REQUIRE(sleep_for(std::chrono::milliseconds(5)).has_value());
      REQUIRE(::tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0);
    }
    REQUIRE(sleep_for(std::chrono::milliseconds(5)).has_value());
    input.type("x");
    REQUIRE(reading.join().has_value());
    CHECK(keys == "x");
  });
}

TEST_CASE("a terminal that hangs up ends the reading") {
  test::on_each_engine([] {
    TypedInput input;
    RawTerminal terminal = opened();
    input.hang_up();
    std::byte room{};
    CHECK_FALSE(terminal.read_some({&room, 1}).has_value());
  });
}

}  // namespace hotline::raw_terminal_test
