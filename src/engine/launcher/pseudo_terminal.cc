#include "engine/launcher/pseudo_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "engine/above_standard.h"

namespace hotline::engine {
namespace {

Error open_error(int native_code) {
  Error error = system_error(native_code, "open a terminal for a program");
  if (native_code == ENOSPC) {
    error.kind = ErrorKind::resource_exhausted;
    error.detail = "there are as many terminals as the system allows";
    error.advice = "raise the system setting kernel.pty.max";
  } else if (error.kind != ErrorKind::resource_exhausted) {
    error.kind = ErrorKind::unsupported;
    error.detail = "/dev/ptmx cannot be used: " + std::string(strerrordesc_np(native_code));
    error.advice = "is devpts mounted on /dev/pts?";
  }
  return error;
}

/// Erasing a character of UTF-8 takes all of its bytes away.
void note_utf8(int terminal) {
  termios modes{};
  if (::tcgetattr(terminal, &modes) < 0) return;
  modes.c_iflag |= IUTF8;
  ::tcsetattr(terminal, TCSANOW, &modes);
}

}  // namespace

Result<PseudoTerminal> open_pseudo_terminal(const TerminalOptions& options) {
  PseudoTerminal made;
  made.near.reset(above_standard(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)));
  if (!made.near) return fail(open_error(errno));
  const int unlocked = 0;
  if (::ioctl(made.near.get(), TIOCSPTLCK, &unlocked) < 0) return fail(open_error(errno));
  // Opening it by its name would depend on where devpts is mounted.
  made.far.reset(
      above_standard(::ioctl(made.near.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)));
  if (!made.far) return fail(open_error(errno));
  note_utf8(made.far.get());
  const int resized = resize_terminal(made.near.get(), options.rows, options.columns);
  if (resized < 0) return fail(open_error(-resized));
  return made;
}

int resize_terminal(int terminal, std::uint16_t rows, std::uint16_t columns) {
  const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  return ::ioctl(terminal, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

bool is_hung_up(int terminal) {
  pollfd polled{.fd = terminal, .events = 0, .revents = 0};
  ::poll(&polled, 1, 0);
  return (polled.revents & POLLHUP) != 0;
}

std::string typed_end(int terminal, char last) {
  termios modes{};
  if (::tcgetattr(terminal, &modes) < 0) return {};
  const auto end = static_cast<char>(modes.c_cc[VEOF]);
  if (end == _POSIX_VDISABLE) return {};
  const bool reads_lines = (modes.c_lflag & ICANON) != 0;
  const bool is_line_done = last == '\n' || last == '\r' || last == end;
  // Within a line the first one only hands over what has been typed of it.
  return std::string(reads_lines && !is_line_done ? 2 : 1, end);
}

}  // namespace hotline::engine
