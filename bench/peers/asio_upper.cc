// Upper-case over TCP and UDP with standalone Asio, callbacks style, one thread. Built twice: on
// epoll and, as asio_uring_upper, on io_uring.

#include <array>
#include <asio.hpp>
#include <memory>

#include "../floors/listening.h"
#include "../floors/upper_ascii.h"
#include "asio_main.h"

namespace {

using asio::ip::tcp;
using asio::ip::udp;
using std::error_code;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void receive() {
    socket_.async_read_some(asio::buffer(buffer_.get(), kBufferSize),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              if (!error) self->reply(size);
                            });
  }

 private:
  static constexpr std::size_t kBufferSize = 64 * 1024;

  void reply(std::size_t size) {
    floors::upper_ascii(buffer_.get(), size);
    asio::async_write(socket_, asio::buffer(buffer_.get(), size),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error) self->receive();
                      });
  }

  tcp::socket socket_;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
};

class StreamServer {
 public:
  StreamServer(asio::io_context& context, std::uint16_t port)
      : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), port)) {
    acceptor_.listen(4096);
    acceptor_.set_option(tcp::no_delay(true));
    floors::announce("tcp", acceptor_.native_handle());
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!error) std::make_shared<Session>(std::move(socket))->receive();
      accept();
    });
  }

  tcp::acceptor acceptor_;
};

class DatagramServer {
 public:
  DatagramServer(asio::io_context& context, std::uint16_t port)
      : socket_(context, udp::endpoint(asio::ip::address_v4::loopback(), port)) {
    socket_.set_option(asio::socket_base::receive_buffer_size(4 * 1024 * 1024));
    floors::announce("udp", socket_.native_handle());
    receive();
  }

 private:
  void receive() {
    socket_.async_receive_from(asio::buffer(buffer_), peer_,
                               [this](error_code error, std::size_t size) {
                                 if (error) return receive();
                                 reply(size);
                               });
  }

  void reply(std::size_t size) {
    floors::upper_ascii(buffer_.data(), size);
    socket_.async_send_to(asio::buffer(buffer_.data(), size), peer_,
                          [this](error_code, std::size_t) { receive(); });
  }

  udp::socket socket_;
  udp::endpoint peer_;
  std::array<char, 65536> buffer_;
};

void serve(std::uint16_t port) {
  // One thread: the hint lets Asio leave its locks out.
  asio::io_context context{1};
  StreamServer streams(context, port);
  const auto datagrams = std::make_unique<DatagramServer>(context, port);
  context.run();
}

}  // namespace

int main(int argc, char** argv) { return peers::run_asio(argc, argv, serve); }
