// Upper-case over TCP and UDP with libuv, one loop. A write is tried at once, and queued only if
// the socket does not take all of it; datagrams come by recvmmsg.

#include <uv.h>

#include <array>
#include <memory>
#include <vector>

#include "../floors/listening.h"
#include "../floors/upper_ascii.h"

namespace {

constexpr std::size_t kBufferSize = 64 * 1024;
// As many datagrams at a time as libuv takes.
constexpr std::size_t kBatch = 20;

void check(int result, const char* what) {
  if (result >= 0) return;
  std::fprintf(stderr, "libuv_upper: %s: %s\n", what, uv_strerror(result));
  std::exit(EXIT_FAILURE);
}

template <class Handle>
void announce(const char* scheme, Handle& handle) {
  uv_os_fd_t fd = -1;
  check(uv_fileno(reinterpret_cast<uv_handle_t*>(&handle), &fd), "uv_fileno");
  floors::announce(scheme, fd);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  check(uv_ip4_addr("127.0.0.1", port, &address), "uv_ip4_addr");
  return address;
}

// All calls receive into one buffer: what is not sent at once is copied.
class Call {
 public:
  static void accepted(uv_stream_t* listener, int status) {
    if (status < 0) return;
    auto* call = new Call;
    uv_tcp_init(listener->loop, &call->handle_);
    call->handle_.data = call;
    if (uv_accept(listener, call->stream()) != 0) return call->hang_up();
    call->receive();
  }

 private:
  struct Rest {
    uv_write_t request;
    std::vector<char> bytes;
    Call* call;
  };

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle_); }

  void receive() { uv_read_start(stream(), allocate, received); }

  void hang_up() {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_),
             [](uv_handle_t* handle) { delete static_cast<Call*>(handle->data); });
  }

  static void allocate(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
    static char memory[kBufferSize];
    *buffer = uv_buf_init(memory, sizeof memory);
  }

  static void received(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
    auto* call = static_cast<Call*>(stream->data);
    if (size < 0) return call->hang_up();
    floors::upper_ascii(buffer->base, static_cast<std::size_t>(size));
    if (size > 0) call->reply(buffer->base, static_cast<std::size_t>(size));
  }

  void reply(char* data, std::size_t size) {
    const uv_buf_t piece = uv_buf_init(data, static_cast<unsigned>(size));
    const int sent = uv_try_write(stream(), &piece, 1);
    if (sent < 0 && sent != UV_EAGAIN) return hang_up();
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (done < size) queue(data + done, size - done);
  }

  // Nothing more is received until the rest has gone.
  void queue(const char* data, std::size_t size) {
    uv_read_stop(stream());
    auto* rest = new Rest{{}, {data, data + size}, this};
    rest->request.data = rest;
    const uv_buf_t piece = uv_buf_init(rest->bytes.data(), static_cast<unsigned>(size));
    uv_write(&rest->request, stream(), &piece, 1, [](uv_write_t* request, int status) {
      const std::unique_ptr<Rest> sent(static_cast<Rest*>(request->data));
      if (status == 0) sent->call->receive();
      if (status < 0 && status != UV_ECANCELED) sent->call->hang_up();
    });
  }

  uv_tcp_t handle_{};
};

void allocate_batch(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
  static std::array<char, kBatch * kBufferSize> memory;
  *buffer = uv_buf_init(memory.data(), memory.size());
}

void answer(uv_udp_t* socket, ssize_t size, const uv_buf_t* buffer, const sockaddr* peer,
            unsigned) {
  if (size < 0 || peer == nullptr) return;
  floors::upper_ascii(buffer->base, static_cast<std::size_t>(size));
  const uv_buf_t piece = uv_buf_init(buffer->base, static_cast<unsigned>(size));
  // A datagram that cannot go is lost, as the network might have lost it.
  uv_udp_try_send(socket, &piece, 1, peer);
}

void listen_streams(uv_loop_t* loop, uv_tcp_t& listener, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  check(uv_tcp_init_ex(loop, &listener, AF_INET), "uv_tcp_init_ex");
  check(uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&address), 0), "uv_tcp_bind");
  // Accepted sockets inherit it.
  check(uv_tcp_nodelay(&listener, 1), "uv_tcp_nodelay");
  check(uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 4096, Call::accepted), "uv_listen");
  announce("tcp", listener);
}

void receive_datagrams(uv_loop_t* loop, uv_udp_t& socket, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  int size = 4 * 1024 * 1024;
  check(uv_udp_init_ex(loop, &socket, AF_INET | UV_UDP_RECVMMSG), "uv_udp_init_ex");
  check(uv_udp_bind(&socket, reinterpret_cast<const sockaddr*>(&address), 0), "uv_udp_bind");
  check(uv_recv_buffer_size(reinterpret_cast<uv_handle_t*>(&socket), &size), "SO_RCVBUF");
  check(uv_udp_recv_start(&socket, allocate_batch, answer), "uv_udp_recv_start");
  announce("udp", socket);
}

}  // namespace

int main(int argc, char** argv) {
  floors::raise_descriptor_limit();
  const std::uint16_t port = floors::port_option(argc, argv);
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  uv_udp_t datagrams;
  listen_streams(loop, listener, port);
  receive_datagrams(loop, datagrams, port);
  return uv_run(loop, UV_RUN_DEFAULT);
}
