// Upper-case over TCP with libevent: its plain events, one loop. Its bufferevents would receive
// 4 KiB at a time.

#include <event2/event.h>
#include <event2/listener.h>

#include <memory>

#include "../floors/listening.h"
#include "call.h"

namespace {

struct FreeEvent {
  void operator()(event* each) const { event_free(each); }
};
using Event = std::unique_ptr<event, FreeEvent>;

class Session {
 public:
  Session(event_base* base, int fd)
      : call_(fd),
        readable_(event_new(base, fd, EV_READ | EV_PERSIST, ready, this)),
        writable_(event_new(base, fd, EV_WRITE | EV_PERSIST, ready, this)) {
    event_add(readable_.get(), nullptr);
  }

 private:
  static void ready(int, short, void* session) { static_cast<Session*>(session)->go_on(); }

  void go_on() {
    const peers::Next next = call_.go_on();
    if (next == awaited_) return;
    if (next == peers::Next::kEnd) {
      delete this;
      return;
    }
    const bool receives = next == peers::Next::kReceive;
    event_del(receives ? writable_.get() : readable_.get());
    event_add(receives ? readable_.get() : writable_.get(), nullptr);
    awaited_ = next;
  }

  // The events go before the socket is closed.
  peers::Call call_;
  Event readable_;
  Event writable_;
  peers::Next awaited_ = peers::Next::kReceive;
};

void accepted(evconnlistener* listener, int fd, sockaddr*, int, void*) {
  // It lives until its call ends.
  new Session(evconnlistener_get_base(listener), fd);
}

}  // namespace

int main(int argc, char** argv) {
  floors::raise_descriptor_limit();
  event_base* base = event_base_new();
  if (base == nullptr) floors::die("event_base_new");
  const int fd = floors::listen_tcp(floors::port_option(argc, argv), SOCK_NONBLOCK);
  constexpr unsigned kFlags = LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE;
  // A backlog of 0: the socket listens already.
  if (evconnlistener_new(base, accepted, nullptr, kFlags, 0, fd) == nullptr)
    floors::die("evconnlistener_new");
  event_base_dispatch(base);
}
