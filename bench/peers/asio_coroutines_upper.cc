// Upper-case over TCP and UDP with standalone Asio, coroutines style, one thread.

#include <asio.hpp>
#include <memory>

#include "../floors/listening.h"
#include "../floors/upper_ascii.h"
#include "asio_main.h"

namespace {

using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;
using asio::ip::udp;
using std::error_code;

constexpr std::size_t kBufferSize = 64 * 1024;

awaitable<void> serve_connection(tcp::socket socket) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
  error_code error;
  while (!error) {
    const std::size_t size = co_await socket.async_read_some(
        asio::buffer(buffer.get(), kBufferSize), redirect_error(use_awaitable, error));
    if (error) break;
    floors::upper_ascii(buffer.get(), size);
    co_await asio::async_write(socket, asio::buffer(buffer.get(), size),
                               redirect_error(use_awaitable, error));
  }
}

awaitable<void> serve_connections(tcp::acceptor acceptor) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve_connection(std::move(socket)), asio::detached);
  }
}

awaitable<void> serve_datagrams(udp::socket socket) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
  udp::endpoint peer;
  while (true) {
    error_code error;
    const std::size_t size = co_await socket.async_receive_from(
        asio::buffer(buffer.get(), kBufferSize), peer, redirect_error(use_awaitable, error));
    if (error) continue;
    floors::upper_ascii(buffer.get(), size);
    co_await socket.async_send_to(asio::buffer(buffer.get(), size), peer,
                                  redirect_error(use_awaitable, error));
  }
}

tcp::acceptor listening(asio::io_context& context, std::uint16_t port) {
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), port));
  acceptor.listen(4096);
  acceptor.set_option(tcp::no_delay(true));
  floors::announce("tcp", acceptor.native_handle());
  return acceptor;
}

udp::socket bound(asio::io_context& context, std::uint16_t port) {
  udp::socket socket(context, udp::endpoint(asio::ip::address_v4::loopback(), port));
  socket.set_option(asio::socket_base::receive_buffer_size(4 * 1024 * 1024));
  floors::announce("udp", socket.native_handle());
  return socket;
}

void serve(std::uint16_t port) {
  // One thread: the hint lets Asio leave its locks out.
  asio::io_context context{1};
  asio::co_spawn(context, serve_connections(listening(context, port)), asio::detached);
  asio::co_spawn(context, serve_datagrams(bound(context, port)), asio::detached);
  context.run();
}

}  // namespace

int main(int argc, char** argv) { return peers::run_asio(argc, argv, serve); }
