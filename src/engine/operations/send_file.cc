#include "engine/operations/send_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/sendfile.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

/// The errors that have to do with the file. All others are those of a send.
constexpr std::array kFileErrors = {EINVAL, ENOSYS,  EOPNOTSUPP, EOVERFLOW, ESPIPE,
                                    EIO,    ENXIO,   ENODATA,    ESTALE,    EUCLEAN,
                                    EACCES, EBADMSG, EREMOTEIO,  EPERM};

/// Keeps SIGPIPE from this thread: sendfile(2) has no MSG_NOSIGNAL.
class PipeSignalHold {
 public:
  PipeSignalHold() noexcept {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    was_blocked_ = ::sigismember(&before_, SIGPIPE) == 1;
    was_pending_ = was_blocked_ && is_pending();
  }
  PipeSignalHold(const PipeSignalHold&) = delete;
  PipeSignalHold& operator=(const PipeSignalHold&) = delete;
  ~PipeSignalHold() {
    if (!was_blocked_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  /// Takes the signal if it was raised, but not one that a program which blocks it had pending.
  void discard() const noexcept {
    constexpr timespec kNow{};
    while (!was_pending_ && ::sigtimedwait(&pipe_, nullptr, &kNow) < 0 && errno == EINTR) continue;
  }

 private:
  static bool is_pending() noexcept {
    sigset_t pending;
    ::sigpending(&pending);
    return ::sigismember(&pending, SIGPIPE) == 1;
  }

  sigset_t pipe_;
  sigset_t before_;
  bool was_blocked_ = false;
  bool was_pending_ = false;
};

/// Returns true if a send on the socket waits for room. sendfile(2) has no MSG_DONTWAIT.
bool is_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) == 0;
}

}  // namespace

int SendFile::attempt() noexcept {
  channel().call_wait.forbid(channel().fd());
  if (is_blocking(channel().fd())) return kCannot;
  const PipeSignalHold hold;
  const int result = system_result([this] {
    auto at = static_cast<off_t>(offset_);
    return ::sendfile(channel().fd(), file_, &at, size_);
  });
  // Raised also if the peer has gone after a part was sent.
  const bool is_part = result >= 0 && static_cast<std::size_t>(result) < size_;
  if (is_part || result == -EPIPE) hold.discard();
  return std::ranges::count(kFileErrors, -result) > 0 ? kCannot : result;
}

}  // namespace hotline::engine
