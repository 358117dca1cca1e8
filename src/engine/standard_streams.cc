#include "hotline/engine/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/write_at_once.h"
#include "engine/signal_actions.h"
#include "engine/terminal.h"

namespace hotline {
namespace {

/// Opens a file that cannot be used as `fd`: standard input for writing only, the others for
/// reading only. Without /dev/null it opens the root directory with O_PATH, which allows neither.
int open_useless(int fd) {
  const int opened = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  return opened >= 0 ? opened : ::open("/", O_PATH);
}

}  // namespace

int hold_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // open() takes the smallest free number, and those below are open by now.
    if (open_useless(fd) < 0) return errno;
  }
  return 0;
}

void fail_lost_writes() { engine::ignore_failed_writes(); }

bool wait_for_room(StandardStream stream, std::chrono::milliseconds patience) {
  pollfd polled{static_cast<int>(stream), POLLOUT, 0};
  // If poll fails, nothing is known; the write will show the error.
  return ::poll(&polled, 1, static_cast<int>(patience.count())) != 0;
}

int write_standard(StandardStream stream, std::string_view text) {
  const int fd = static_cast<int>(stream);
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd polled{fd, POLLOUT, 0};
      ::poll(&polled, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int write_standard_at_once(StandardStream stream, std::string_view text) {
  return write_at_once(static_cast<int>(stream), text);
}

int write_standard_within(StandardStream stream, std::string_view text,
                          std::chrono::milliseconds patience) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + patience;
  while (!text.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    if (!wait_for_room(stream, std::max(left, milliseconds::zero()))) return EAGAIN;
    const int written = write_at_once(static_cast<int>(stream), text);
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (written != -EAGAIN && written != -EINTR) {
      return -written;
    } else if (left <= milliseconds::zero()) {
      return EAGAIN;
    }
  }
  return 0;
}

std::optional<TerminalSize> terminal_size(StandardStream stream) {
  return engine::size_of_terminal(static_cast<int>(stream));
}

}  // namespace hotline
