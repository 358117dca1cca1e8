#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "hotline/server/server.h"
#include "support/on_each_word.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

// Server::add of a listener, or of a datagram socket, that is bound already.

namespace hotline::bound_service_test {
namespace {

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

Reply echo_message(const Message& message) { return Reply::in_place(message); }

Listener listener_at(const std::string& uri) {
  auto listener = listen(uri);
  REQUIRE(listener);
  return std::move(*listener);
}

DatagramSocket any_socket() {
  auto socket = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"));
  REQUIRE(socket);
  return std::move(*socket);
}

void check_served(const UniqueFd& caller) {
  test::send_text(caller.get(), "hello\n");
  CHECK(test::receive_text(caller.get(), 6) == "hello\n");
}

}  // namespace

TEST_CASE("a bound listener is served at its own address, on each loop") {
  const test::TemporaryDirectory directory;
  test::on_each_word([&](const ServerOptions& options) {
    for (const std::string& uri :
         {std::string("tcp://127.0.0.1:0"), "unix://" + directory.file("s")}) {
      Listener listener = listener_at(uri);
      const Endpoint where = listener.endpoint();
      const bool is_tcp = where.transport() == Transport::tcp;
      test::AddedServer running(options, [&](Server& server) {
        REQUIRE(server.add(std::move(listener), echo, "given"));
        CHECK(server.services().front().name == "given");
      });
      CHECK(running.endpoint().port() == where.port());
      for (int i = 0; i < 4; ++i) {
        check_served(is_tcp ? test::connect_tcp(where.port())
                            : test::connect_unix(directory.file("s")));
      }
      CHECK(running.drain().calls == 4);
    }
  });
}

TEST_CASE("a bound listener may be served in frames") {
  test::on_each_word([](const ServerOptions& options) {
    test::AddedServer running(options, [](Server& server) {
      REQUIRE(server.add(listener_at("tcp://127.0.0.1:0"), echo_message, "lines",
                         *Framing::parse("lines")));
    });
    check_served(test::connect_tcp(running.endpoint().port()));
    CHECK(running.drain().messages == 1);
  });
}

TEST_CASE("a bound datagram socket is served") {
  test::on_each_word([](const ServerOptions& options) {
    test::AddedServer running(
        options, [](Server& server) { REQUIRE(server.add(any_socket(), echo_message)); });
    auto client = connect_datagrams(running.endpoint());
    REQUIRE(client);
    REQUIRE(client->send({as_bytes("hello"), nullptr}));
    const auto reply = client->receive(deadline_after(std::chrono::seconds(10)));
    REQUIRE(reply);
    CHECK(as_text(reply->bytes) == "hello");
  });
}

TEST_CASE("what does not fit a bound listener or socket is refused") {
  Server server;
  const auto kind = [](const Result<void>& added) { return test::kind_of(added); };
  CHECK(kind(server.add(listener_at("tcp://127.0.0.1:0"), echo_message)) == "invalid_argument");
  CHECK(kind(server.add(listener_at("tcp://127.0.0.1:0"), Handler())) == "invalid_argument");
  CHECK(kind(server.add(any_socket(), echo)) == "invalid_argument");
  CHECK(server.services().empty());
}

TEST_CASE("a bound listener that others can reach is not served by what is for this machine only") {
  Server server;
  REQUIRE(server.add(listener_at("tcp://0.0.0.0:0"), Handler(echo).only_local()));
  CHECK(test::kind_of(server.bind()) == "permission_denied");
}

TEST_CASE("a bind that fails leaves a bound listener as it was, for the next try") {
  Listener rival = listener_at("tcp://127.0.0.1:0");
  Server server(test::options_for("loops:2"));
  REQUIRE(server.add(listener_at("tcp://127.0.0.1:0"), echo));
  REQUIRE(server.add(any_socket(), echo_message));
  REQUIRE(server.add(rival.endpoint().to_string(), echo));
  CHECK(test::kind_of(server.bind()) == "address_in_use");
  rival.close();
  REQUIRE(server.bind());
  const UniqueFd caller = test::connect_tcp(server.services().front().endpoint.port());
  test::send_text(caller.get(), "hello\n");
  server.drain();
  CHECK(server.run());
  CHECK(test::receive_until_end(caller.get()) == "hello\n");
}

}  // namespace hotline::bound_service_test
