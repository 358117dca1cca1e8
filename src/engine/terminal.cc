#include "engine/terminal.h"

#include <fcntl.h>

#include <cerrno>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

bool has_terminal() {
  const UniqueFd terminal(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  // A lack of descriptors says nothing about the terminal.
  return terminal || (errno != ENXIO && errno != EIO && errno != ENOENT && errno != ENOTTY);
}

}  // namespace hotline::engine
