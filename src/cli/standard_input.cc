#include "cli/standard_input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "hotline/engine/wait_descriptor.h"

namespace hotline::cli {

bool StandardInput::is_terminal() { return ::isatty(STDIN_FILENO) == 1; }

bool StandardInput::is_ready() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, 0) > 0;
}

StandardInput::Ready StandardInput::wait(int peer_descriptor) {
  pollfd polled[] = {{STDIN_FILENO, POLLIN, 0}, {peer_descriptor, POLLIN, 0}};
  if (::poll(polled, 2, -1) < 0) return errno == EINTR ? Ready::interrupted : Ready::input;
  return polled[0].revents != 0 ? Ready::input : Ready::peer;
}

Result<void> StandardInput::wait_ready() { return wait_readable(STDIN_FILENO); }

std::ptrdiff_t StandardInput::read(MutableBytes into) {
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, into.data(), into.size());
    if (count >= 0) return count;
    if (errno ==
        EAGAIN) {  // Another process that shares the descriptor has set O_NONBLOCK, and read first.
      wait(-1);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
}

StandardInput::Ready wait_for_input(const PeerWatch& peer) {
  if (peer.suspends()) {
    const auto ready = StandardInput::wait_ready();
    const bool is_cancelled = !ready && ready.error().kind == ErrorKind::cancelled;
    // After another failure read() says what is wrong, or waits by itself.
    return is_cancelled ? StandardInput::Ready::peer : StandardInput::Ready::input;
  }
  if (peer.has_unread() && !StandardInput::is_ready()) return StandardInput::Ready::peer;
  return StandardInput::wait(peer.descriptor());
}

bool is_error_terminal() { return ::isatty(STDERR_FILENO) == 1; }

bool is_output_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

}  // namespace hotline::cli
