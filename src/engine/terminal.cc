#include "engine/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

bool has_terminal() {
  const UniqueFd terminal(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  // A lack of descriptors says nothing about the terminal.
  return terminal || (errno != ENXIO && errno != EIO && errno != ENOENT && errno != ENOTTY);
}

std::optional<TerminalSize> size_of_terminal(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return std::nullopt;
  if (size.ws_col == 0 || size.ws_row == 0) return std::nullopt;
  return TerminalSize{size.ws_col, size.ws_row};
}

}  // namespace hotline::engine
