// The cheapest epoll server there is: edge triggered, one hot buffer, run to completion. A
// connection owns nothing in user space unless its peer does not read.

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <unordered_map>

#include "listening.h"
#include "upper_ascii.h"

namespace floors {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
constexpr int kEventsMax = 256;
constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kHangUpEvents = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

class EpollServer {
 public:
  explicit EpollServer(int listener) : listener_(listener) {
    if (epoll_ < 0) die("epoll_create1");
    control(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    epoll_event events[kEventsMax];
    while (true) {
      const int count = epoll_wait(epoll_, events, kEventsMax, -1);
      if (count < 0 && errno != EINTR) die("epoll_wait");
      for (int i = 0; i < count; ++i) dispatch(events[i]);
    }
  }

 private:
  void control(int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) die("epoll_ctl");
  }

  void dispatch(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_) return accept_all();
    if (!unsent_.empty() && unsent_.contains(fd)) return resume(fd);
    serve(fd, (event.events & kHangUpEvents) != 0);
  }

  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      control(EPOLL_CTL_ADD, fd, kReadEvents);
    }
  }

  // A receive that does not fill the buffer has emptied the socket, and what comes later brings
  // its own edge; only a hang-up that came with the data has none left to bring.
  void serve(int fd, bool hung_up) {
    while (true) {
      const ssize_t received = recv(fd, buffer_.get(), kBufferSize, 0);
      if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (received <= 0) return hang_up(fd);
      const auto size = static_cast<std::size_t>(received);
      upper_ascii(buffer_.get(), size);
      if (!reply(fd, size)) return;
      if (size < kBufferSize && !hung_up) return;
    }
  }

  // False if the reply could not go whole: the connection then waits for room, or is gone.
  bool reply(int fd, std::size_t size) {
    const ssize_t sent = send(fd, buffer_.get(), size, MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(size)) return true;
    if (sent < 0 && errno != EAGAIN) {
      hang_up(fd);
      return false;
    }
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    unsent_[fd].assign(buffer_.get() + done, size - done);
    control(EPOLL_CTL_MOD, fd, EPOLLOUT | EPOLLET);
    return false;
  }

  void resume(int fd) {
    std::string& rest = unsent_[fd];
    const ssize_t sent = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return hang_up(fd);
    rest.erase(0, static_cast<std::size_t>(sent));
    if (!rest.empty()) return;
    unsent_.erase(fd);
    control(EPOLL_CTL_MOD, fd, kReadEvents);
  }

  void hang_up(int fd) {
    unsent_.erase(fd);
    close(fd);
  }

  int listener_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
  std::unordered_map<int, std::string> unsent_;
};

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  floors::raise_descriptor_limit();
  const int listener = floors::listen_tcp(floors::port_option(argc, argv), SOCK_NONBLOCK);
  floors::EpollServer(listener).run();
}
