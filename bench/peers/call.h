#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "../floors/upper_ascii.h"

// For event loops that only report when a socket is ready, as libev and libevent do.
namespace peers {

enum class Next { kReceive, kSend, kEnd };

// The socket of one connection, which does not block. It owns nothing else, unless its peer does
// not read.
class Call {
 public:
  explicit Call(int fd) : fd_(fd) {}
  ~Call() { close(fd_); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  int fd() const { return fd_; }

  // To be called when the socket is ready. Returns what it shall be ready for next.
  Next go_on() { return unsent_.empty() ? receive() : resume(); }

 private:
  static constexpr std::size_t kBufferSize = 64 * 1024;

  // One receive: if there is more, the loop reports it again.
  Next receive() {
    static char buffer[kBufferSize];
    const ssize_t received = recv(fd_, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EAGAIN) return Next::kReceive;
    if (received <= 0) return Next::kEnd;
    const auto size = static_cast<std::size_t>(received);
    floors::upper_ascii(buffer, size);
    const ssize_t sent = send(fd_, buffer, size, MSG_NOSIGNAL);
    if (sent == received) return Next::kReceive;
    if (sent < 0 && errno != EAGAIN) return Next::kEnd;
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    unsent_.assign(buffer + done, size - done);
    return Next::kSend;
  }

  Next resume() {
    const ssize_t sent = send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? Next::kSend : Next::kEnd;
    unsent_.erase(0, static_cast<std::size_t>(sent));
    return unsent_.empty() ? Next::kReceive : Next::kSend;
  }

  int fd_;
  std::string unsent_;
};

}  // namespace peers
