// Upper-case over TCP with libev: its C++ watchers, one loop.

#include <ev++.h>

#include "../floors/listening.h"
#include "call.h"

namespace {

class Session {
 public:
  explicit Session(int fd) : call_(fd) {
    watcher_.set<Session, &Session::ready>(this);
    watcher_.start(fd, ev::READ);
  }

 private:
  void ready(ev::io&, int) {
    const peers::Next next = call_.go_on();
    if (next == peers::Next::kEnd) {
      watcher_.stop();
      delete this;
      return;
    }
    const int events = next == peers::Next::kReceive ? ev::READ : ev::WRITE;
    if (events != events_) watcher_.set(events_ = events);
  }

  peers::Call call_;
  ev::io watcher_;
  int events_ = ev::READ;
};

void accept_all(ev::io& listener, int) {
  while (true) {
    const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    // It lives until its call ends.
    new Session(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  floors::raise_descriptor_limit();
  ev::default_loop loop(ev::EPOLL);
  const int fd = floors::listen_tcp(floors::port_option(argc, argv), SOCK_NONBLOCK);
  ev::io listener;
  listener.set<accept_all>();
  listener.start(fd, ev::READ);
  loop.run();
}
