#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "contract/stage.h"
#include "hotline/engine/clock.h"
#include "hotline/services/upper.h"

// What the other tests say of streams holds over TLS too, see stream_endpoints(). These are about
// the records of TLS: where they are cut, how many arrive together, and how they end.

using contract::eventually;
using contract::observed;
using contract::observed_upper;
using contract::Patience;
using contract::Peer;
using contract::PeerSocket;
using contract::ServerProcess;
using hotline::ErrorKind;
using hotline::Stream;

namespace {

constexpr std::string_view kListen = "tls://127.0.0.1:0";

/// The wire under a client of TLS. What the client sends while it is held waits for release().
class HeldWire final : public PeerSocket {
 public:
  explicit HeldWire(const hotline::Endpoint& endpoint)
      : socket_(std::move(*contract::connect_without_tls(endpoint))) {}

  int send(std::string_view bytes, Patience patience) override {
    if (!is_held) return socket_->send(bytes, patience);
    held += bytes;
    return static_cast<int>(bytes.size());
  }
  int receive(std::span<char> into, Patience patience) override {
    return socket_->receive(into, patience);
  }
  bool is_readable() override { return socket_->is_readable(); }
  int end_writes() override { return is_held ? 0 : socket_->end_writes(); }
  void close_with_reset() override { socket_->close_with_reset(); }

  /// Sends the first bytes of those that wait.
  void release(std::size_t count = std::string::npos) {
    std::string_view bytes = std::string_view(held).substr(0, count);
    while (!bytes.empty()) {
      const int sent = socket_->send(bytes, Patience::some);
      REQUIRE(sent > 0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    held.erase(0, count);
  }

  /// Ends the writes of the socket without the end of TLS.
  void cut() { REQUIRE(socket_->end_writes() == 0); }

  std::string held;
  bool is_held = false;

 private:
  std::unique_ptr<PeerSocket> socket_;
};

/// A client of TLS, and its wire.
struct Client {
  explicit Client(const ServerProcess& server, std::string_view name = contract::kTlsName)
      : Client(std::make_unique<HeldWire>(server.endpoint()), name) {}

  HeldWire& wire;
  Peer peer;

 private:
  Client(std::unique_ptr<HeldWire> made, std::string_view name)
      : wire(*made), peer(contract::over_tls(std::move(made), name)) {}
};

/// A client whose handshake is complete, and whose wire is held.
struct HeldClient : Client {
  explicit HeldClient(const ServerProcess& server) : Client(server) {
    peer.establish();
    wire.is_held = true;
  }
};

bool call_ended_with(ErrorKind kind) {
  return eventually([] { return observed().returns > 0; }) &&
         observed().end_kind == static_cast<int>(kind);
}

/// Runs `body` with a fresh server of raw bytes; on a simulated row once for each seed.
template <typename Body>
void with_server(Body body, const hotline::Handler& handler = observed_upper,
                 const std::function<void(hotline::ServerOptions&)>& adjust = {},
                 std::string_view options = "") {
  contract::restart_seeds(1);
  for (std::uint64_t i = 0; i < contract::seed_count(); ++i) {
    ServerProcess server(std::string(kListen) + std::string(options), handler, adjust);
    body(server);
  }
}

void check_serves(const ServerProcess& server) {
  CHECK(Client(server).peer.exchange("next") == "NEXT");
}

/// Answers with the name of its caller.
void tell_identity(Stream& call) {
  const auto identity = call.identity();
  static_cast<void>(call.write_all(hotline::as_bytes(identity ? identity->name : "unknown")));
}

}  // namespace

TEST_CASE("The handler knows by which key its caller has come") {
  with_server(
      [](const ServerProcess& server) {
        CHECK(Client(server).peer.receive_to_end() == contract::kTlsName);
      },
      tell_identity);
}

TEST_CASE("Many records that arrive together are all answered") {
  with_server([](const ServerProcess& server) {
    HeldClient client(server);
    std::string all;
    for (int i = 0; i < 300; ++i) {
      const std::string text = "record " + std::to_string(i) + ' ';
      client.peer.send(text);
      all += text;
    }
    client.wire.release();
    CHECK(client.peer.receive(all.size()) == contract::upper_cased(all));
  });
}

TEST_CASE("Many frames in a record, and a frame in many records, are all answered") {
  with_server(
      [](const ServerProcess& server) {
        HeldClient client(server);
        std::string many;
        for (int i = 0; i < 300; ++i) many += "line " + std::to_string(i) + '\n';
        client.peer.send(many);
        for (const char c : std::string("cut\n")) client.peer.send({&c, 1});
        client.wire.release();
        const std::string all = contract::upper_cased(many) + "CUT\n";
        CHECK(client.peer.receive(all.size()) == all);
      },
      hotline::UpperMessages(), {}, "?framing=lines");
}

TEST_CASE("A record that arrives byte by byte is answered after its last byte, and not before") {
  with_server([](const ServerProcess& server) {
    HeldClient client(server);
    client.peer.send("hello");
    while (client.wire.held.size() > 1) client.wire.release(1);
    CHECK_FALSE(client.peer.receive_what_came());
    client.wire.release();
    CHECK(client.peer.receive(5) == "HELLO");
  });
}

TEST_CASE("A handshake that arrives byte by byte is completed") {
  with_server([](const ServerProcess& server) {
    auto wire = std::make_unique<HeldWire>(server.endpoint());
    HeldWire& held = *wire;
    held.is_held = true;
    Peer peer(contract::over_tls(std::move(wire)));
    while (!held.held.empty()) held.release(1);
    held.is_held = false;
    CHECK(peer.exchange("hello") == "HELLO");
  });
}

TEST_CASE("receive_now returns nothing while a record is incomplete, and its bytes afterwards") {
  const auto poll = [](Stream& call) {
    if (!call.receive()) return;
    while (observed().flag == 0) {
      const auto now = call.receive_now();
      if (!now || !now->empty()) return;
      ++observed().calls;
      static_cast<void>(hotline::sleep_for(std::chrono::milliseconds(1)));
    }
    for (;;) {
      const auto now = call.receive_now();
      if (!now) return;
      static_cast<void>(call.write_all(*now));
      if (now->empty()) static_cast<void>(hotline::sleep_for(std::chrono::milliseconds(1)));
    }
  };
  with_server(
      [](const ServerProcess& server) {
        HeldClient client(server);
        client.peer.send("go");
        client.wire.release();
        client.peer.send("first ");
        const std::size_t first = client.wire.held.size();
        client.peer.send("second");
        client.wire.release(first - 1);
        CHECK(eventually([] { return observed().calls >= 3; }));
        observed().flag = 1;
        client.wire.release();
        CHECK(client.peer.receive(12) == "first second");
      },
      poll);
}

TEST_CASE("A stream that ends without the end of TLS is truncated, wherever it is cut") {
  with_server([](const ServerProcess& server) {
    std::size_t size = 1;
    for (std::size_t cut = 0; cut <= size; cut += 7) {
      CAPTURE(cut);
      observed().returns = 0;
      HeldClient client(server);
      client.peer.send("hello, cut");
      size = client.wire.held.size();
      client.wire.release(cut);
      client.wire.cut();
      CHECK(call_ended_with(ErrorKind::truncated));
    }
    check_serves(server);
  });
}

TEST_CASE("The end of TLS right after the bytes is an end, and the bytes are answered") {
  with_server([](const ServerProcess& server) {
    HeldClient client(server);
    client.peer.send("last words");
    client.peer.end_writes();
    client.wire.release();
    CHECK(client.peer.receive_to_end() == "LAST WORDS");
    CHECK(call_ended_with(ErrorKind::closed));
  });
}

TEST_CASE("A frame of a stream that was truncated does not reach the handler") {
  const auto counting = [](const hotline::Message& message) {
    ++observed().calls;
    return hotline::upper_message(message);
  };
  with_server(
      [](const ServerProcess& server) {
        HeldClient client(server);
        client.peer.send("whole\ncut");
        client.wire.release();
        client.wire.cut();
        CHECK(client.peer.receive(6) == "WHOLE\n");
        HeldClient next(server);
        next.peer.send("next\n");
        next.wire.release();
        CHECK(next.peer.receive(5) == "NEXT\n");
        CHECK(observed().calls == 2);
      },
      counting, {}, "?framing=lines");
}

TEST_CASE("A record in which a bit was changed ends its call, and does not reach the handler") {
  const auto counting = [](Stream& call) {
    while (const auto bytes = call.receive()) {
      observed().received += static_cast<long long>(bytes->size());
    }
    observed().end_kind = static_cast<int>(call.end_reason()->kind);
    ++observed().returns;
  };
  with_server(
      [](const ServerProcess& server) {
        // The type, the length and the body of the record.
        for (const std::size_t changed : {0UL, 3UL, 5UL, 12UL}) {
          CAPTURE(changed);
          observed().returns = 0;
          HeldClient client(server);
          client.peer.send("hello");
          client.wire.held[changed] = static_cast<char>(client.wire.held[changed] ^ 0x80);
          client.wire.release();
          CHECK(call_ended_with(ErrorKind::protocol_violation));
        }
        CHECK(observed().received == 0);
      },
      counting);
}

TEST_CASE("A caller without a known key, or without TLS, never reaches the handler") {
  with_server([](ServerProcess& server) {
    auto unknown = contract::over_tls(std::make_unique<HeldWire>(server.endpoint()), "mallory");
    // The client may have completed its part, and sends before it reads the refusal.
    static_cast<void>(unknown->send("hello", Patience::some));
    char reply[5];
    CHECK(unknown->receive(reply, Patience::some) <= 0);
    HeldWire plain(server.endpoint());
    REQUIRE(plain.send("hello, is this upper?", Patience::some) > 0);
    char bytes[64];
    while (plain.receive(bytes, Patience::some) > 0) {
      CHECK(std::string_view(bytes, 5) != "HELLO");
    }
    check_serves(server);
    CHECK(observed().calls == 1);
  });
}

TEST_CASE("A handshake that is not completed in its time ends the call before the handler") {
  const auto impatient = [](hotline::ServerOptions& options) {
    options.authentication_timeout = std::chrono::milliseconds(150);
  };
  with_server(
      [](const ServerProcess& server) {
        for (const std::size_t released : {0UL, 1UL, 100UL}) {
          CAPTURE(released);
          auto wire = std::make_unique<HeldWire>(server.endpoint());
          wire->is_held = true;
          HeldWire& held = *wire;
          const auto client = contract::over_tls(std::move(wire));
          held.release(released);
          char byte = 0;
          CHECK(held.receive({&byte, 1}, Patience::some) <= 0);
        }
        CHECK(observed().calls == 0);
        check_serves(server);
      },
      observed_upper, impatient);
}
