#pragma once

#include <netinet/udp.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "server/dispatcher.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::test {

/// A dispatcher on a loop and a client that talks to it.
class DatagramExchange {
 public:
  DatagramExchange(engine::EventLoop& loop, MessageHandler handler, ServerOptions options = {},
                   std::size_t datagram_bytes_max = 65'535)
      : loop_(loop),
        shared_(with_log(std::move(options))),
        socket_(bound(datagram_bytes_max)),
        client_(connected(socket_)),
        group_(loop) {
    shared_.drain_server = [] {};
    service_.name = "test";
    service_.handler = std::move(handler);
  }
  ~DatagramExchange() {
    group_.interrupt(engine::kCancelEnd);
    group_.join();
  }

  void start() {
    loop_.spawn(
        "dispatcher",
        [this] {
          server::Dispatcher(shared_, service_, socket_).run();
          has_ended_ = true;
        },
        &group_);
  }
  void send(std::string_view text) { REQUIRE(client_.send({as_bytes(text), nullptr})); }
  /// Before start(): exchanges a datagram without the dispatcher. Returns whether the kernel hands
  /// over together what is sent together from now on.
  bool warm() {
    send("warm");
    REQUIRE(socket_.receive(deadline_after(std::chrono::seconds(10))));
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket_.descriptor(), SOL_UDP, UDP_GRO, &value, &size) == 0 && value != 0;
  }
  bool has_unread() const { return socket_.has_unread(); }
  /// Sends them at once, so that the kernel may hand over those of one size together.
  void send_together(const std::vector<std::string>& texts) {
    std::vector<OutgoingDatagram> datagrams;
    for (const std::string& each : texts) datagrams.push_back({as_bytes(each), nullptr});
    REQUIRE(client_.send_batch(datagrams).value_or(0) == texts.size());
  }
  /// Sends as a peer does that forges the server's own address.
  void send_from_server(std::string_view text) {
    DatagramRoute to_itself;
    to_itself.peer = bound_address(socket_.descriptor());
    REQUIRE(socket_.send({as_bytes(text), &to_itself}));
  }
  std::string reply(Duration patience = std::chrono::seconds(10)) {
    const auto datagram = client_.receive(deadline_after(patience));
    return datagram ? std::string(as_text(datagram->bytes)) : "<none>";
  }
  bool has_reply_now() { return reply(std::chrono::milliseconds(3)) != "<none>"; }
  /// Sets what is done when the one message that was wanted has been answered.
  void on_drain(std::function<void()> action) { shared_.drain_server = std::move(action); }
  void drain() { group_.interrupt(engine::kDrainEnd); }
  void join() { group_.join(); }
  void let_settle() {
    for (int i = 0; i < 10; ++i) loop_.yield();
  }

  bool has_ended() const { return has_ended_; }
  const server::ServerState& shared() const { return shared_; }
  Counters counters() const { return service_.tally->read(); }
  const CollectingLog& log() const { return log_; }

 private:
  ServerOptions with_log(ServerOptions options) {
    options.log = &log_;
    return options;
  }
  static DatagramSocket bound(std::size_t datagram_bytes_max) {
    DatagramOptions options;
    options.datagram_bytes_max = datagram_bytes_max;
    auto socket = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"), options);
    REQUIRE(socket);
    return std::move(*socket);
  }
  static DatagramSocket connected(const DatagramSocket& to) {
    auto socket = connect_datagrams(to.endpoint());
    REQUIRE(socket);
    return std::move(*socket);
  }

  engine::EventLoop& loop_;
  CollectingLog log_;
  server::ServerState shared_;
  server::Service service_;
  DatagramSocket socket_;
  DatagramSocket client_;
  engine::FiberGroup group_;
  bool has_ended_ = false;
};

}  // namespace hotline::test
