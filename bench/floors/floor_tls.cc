// A TLS server of bare OpenSSL on epoll: edge triggered, one hot buffer, run to completion.

#include <openssl/err.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <string>
#include <unordered_map>

#include "../trust/context.h"
#include "listening.h"
#include "upper_ascii.h"

namespace floors {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
constexpr int kEventsMax = 256;

// A connection, and the reply that found no room.
struct Call {
  trust::Ssl ssl;
  std::string unsent;
};

class TlsServer {
 public:
  TlsServer(int listener, SSL_CTX* context) : listener_(listener), context_(context) {
    if (epoll_ < 0) die("epoll_create1");
    control(listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    epoll_event events[kEventsMax];
    while (true) {
      const int count = epoll_wait(epoll_, events, kEventsMax, -1);
      if (count < 0 && errno != EINTR) die("epoll_wait");
      for (int i = 0; i < count; ++i) dispatch(events[i].data.fd);
    }
  }

 private:
  void control(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  }

  void dispatch(int fd) {
    if (fd == listener_) return accept_all();
    if (!serve(calls_.at(fd))) hang_up(fd);
  }

  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      trust::Ssl ssl(SSL_new(context_));
      if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) die("SSL_new");
      SSL_set_accept_state(ssl.get());
      calls_[fd].ssl = std::move(ssl);
      control(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
  }

  static bool must_wait(SSL* ssl, int returned) {
    const int reason = SSL_get_error(ssl, returned);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
  }

  // False if the connection has ended.
  bool serve(Call& call) {
    SSL* ssl = call.ssl.get();
    ERR_clear_error();
    if (!call.unsent.empty()) {
      std::string rest = std::move(call.unsent);
      call.unsent.clear();
      if (!reply(call, rest.data(), rest.size())) return false;
    }
    while (call.unsent.empty()) {
      std::size_t size = 0;
      const int returned = SSL_read_ex(ssl, buffer_.get(), kBufferSize, &size);
      if (returned != 1) return must_wait(ssl, returned);
      upper_ascii(buffer_.get(), size);
      if (!reply(call, buffer_.get(), size)) return false;
    }
    return true;
  }

  bool reply(Call& call, const char* bytes, std::size_t size) {
    while (size > 0) {
      std::size_t sent = 0;
      const int returned = SSL_write_ex(call.ssl.get(), bytes, size, &sent);
      if (returned != 1) {
        if (!must_wait(call.ssl.get(), returned)) return false;
        call.unsent.assign(bytes, size);
        return true;
      }
      bytes += sent;
      size -= sent;
    }
    return true;
  }

  void hang_up(int fd) {
    Call& call = calls_.at(fd);
    if (SSL_is_init_finished(call.ssl.get()) == 1) SSL_shutdown(call.ssl.get());
    calls_.erase(fd);
    close(fd);
  }

  int listener_;
  SSL_CTX* context_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
  std::unordered_map<int, Call> calls_;
};

trust::Material material_of(int argc, char** argv) {
  trust::Material material;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string* place = material.place_of(argv[i]);
    if (place == nullptr) break;
    *place = argv[i + 1];
  }
  if (material.has_tls()) return material;
  std::fprintf(stderr, "usage: %s --psk IDENTITY:HEX | --ca F --certificate F --key F\n", argv[0]);
  std::exit(2);
}

}  // namespace
}  // namespace floors

int main(int argc, char** argv) try {
  const trust::Material material = floors::material_of(argc, argv);
  const trust::Context context = trust::server_context(material);
  floors::raise_descriptor_limit();
  floors::TlsServer(floors::listen_tcp(0, SOCK_NONBLOCK, "tls"), context.get()).run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "floor_tls: %s\n", error.what());
  return 1;
}
