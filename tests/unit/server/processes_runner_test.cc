#include "server/processes_runner.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/datagrams.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::processes_runner_test {
namespace {

/// A server in a process of its own, because a process that forks must have one thread. SIGTERM
/// drains it.
class ServerProcess {
 public:
  ServerProcess(ServerOptions options, const std::string& uri, Handler handler)
      : ServerProcess(std::move(options),
                      [&](Server& server) { return server.add(uri, std::move(handler)); }) {}

  template <typename Add>
  ServerProcess(ServerOptions options, const Add& add) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    options.signals = SignalUse::drain;
    Server server(std::move(options));
    REQUIRE(add(server));
    REQUIRE(server.bind());
    endpoint_ = server.services().front().endpoint;
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      const auto report = server.run();
      const auto begun = report ? report->calls + report->messages : 0;
      ::_exit(report ? static_cast<int>(begun * 16 + report->handler_failures) : 255);
    }
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  const Endpoint& endpoint() const { return endpoint_; }
  std::uint16_t port() const { return endpoint_.port(); }

  /// Returns calls and messages times 16, and handler failures, as counted by the server; negative:
  /// the signal that ended it.
  int drain() {
    ::kill(pid_, SIGTERM);
    return wait();
  }
  int wait() {
    int status = 0;
    REQUIRE(::waitpid(std::exchange(pid_, -1), &status, 0) > 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  Endpoint endpoint_ = Endpoint::of_descriptor(0);
  pid_t pid_ = -1;
};

std::string receive_all_of(const UniqueFd& caller) { return test::receive_until_end(caller.get()); }

void tell_pid(Stream& call) {
  const auto bytes = call.receive();
  if (!bytes) return;
  if (as_text(*bytes) == "die") ::raise(SIGKILL);
  if (as_text(*bytes) == "throw") throw 1;
  CHECK(call.write_all(as_bytes(std::to_string(::getpid()))));
}

}  // namespace

TEST_CASE("each call runs in a process of its own") {
  ServerProcess server(test::options_for("processes:4"), "tcp://127.0.0.1:0", tell_pid);
  std::string first;
  for (int i = 0; i < 3; ++i) {
    const UniqueFd caller = test::connect_tcp(server.port());
    test::send_text(caller.get(), "x");
    ::shutdown(caller.get(), SHUT_WR);
    const std::string pid = receive_all_of(caller);
    CHECK_FALSE(pid.empty());
    CHECK(pid != first);
    first = pid;
  }
  CHECK(server.drain() == 3 * 16);
}

TEST_CASE("a call that kills its process ends that call, never the server") {
  ServerProcess server(test::options_for("processes:2"), "tcp://127.0.0.1:0", tell_pid);
  const UniqueFd bad = test::connect_tcp(server.port());
  test::send_text(bad.get(), "die");
  CHECK(receive_all_of(bad).empty());
  const UniqueFd good = test::connect_tcp(server.port());
  test::send_text(good.get(), "x");
  ::shutdown(good.get(), SHUT_WR);
  CHECK_FALSE(receive_all_of(good).empty());
  CHECK(server.drain() == 2 * 16);
}

TEST_CASE("a handler that throws in its process is counted by the server") {
  ServerProcess server(test::options_for("processes:2"), "tcp://127.0.0.1:0", tell_pid);
  const UniqueFd bad = test::connect_tcp(server.port());
  test::send_text(bad.get(), "throw");
  CHECK(receive_all_of(bad).empty());
  CHECK(server.drain() == 16 + 1);
}

TEST_CASE("no more processes than allowed run at once; the next caller waits") {
  ServerProcess server(test::options_for("processes:1"), "tcp://127.0.0.1:0", tell_pid);
  const UniqueFd one = test::connect_tcp(server.port());
  const UniqueFd other = test::connect_tcp(server.port());
  test::send_text(other.get(), "x");
  ::shutdown(other.get(), SHUT_WR);
  test::send_text(one.get(), "x");
  ::shutdown(one.get(), SHUT_WR);
  CHECK_FALSE(receive_all_of(one).empty());
  CHECK_FALSE(receive_all_of(other).empty());
  CHECK(server.drain() == 2 * 16);
}

TEST_CASE("a drain lets an idle call's process end") {
  ServerProcess server(test::options_for("processes:2"), "tcp://127.0.0.1:0", tell_pid);
  const UniqueFd idle = test::connect_tcp(server.port());
  const UniqueFd caller = test::connect_tcp(server.port());
  test::send_text(caller.get(), "x");
  CHECK_FALSE(receive_all_of(caller).empty());
  CHECK(server.drain() == 2 * 16);
  CHECK(receive_all_of(idle).empty());
}

TEST_CASE("if one call is wanted, the server ends after it") {
  ServerOptions options = test::options_for("processes:2");
  options.calls = CallCount::one;
  ServerProcess server(options, "tcp://127.0.0.1:0", tell_pid);
  const UniqueFd caller = test::connect_tcp(server.port());
  test::send_text(caller.get(), "x");
  CHECK_FALSE(receive_all_of(caller).empty());
  CHECK(server.wait() == 16);
}

TEST_CASE("datagrams are served by workers forked in advance, which are replaced when one dies") {
  ServerProcess server(test::options_for("processes:1"), "udp://127.0.0.1:0",
                       [](const Message& message) {
                         if (as_text(message.bytes()) == "die") ::raise(SIGKILL);
                         return Reply::in_place(message);
                       });
  auto client = connect_datagrams(server.endpoint());
  REQUIRE(client);
  const auto is_answered = [&](std::string_view text) {
    // What a worker had received is lost when it dies, as datagrams may be, so ask again. Then late
    // replies to what was asked before may come too.
    for (int i = 0; i < 100; ++i) {
      REQUIRE(client->send({as_bytes(text), nullptr}));
      for (;;) {
        const auto reply = client->receive(deadline_after(std::chrono::milliseconds(100)));
        if (!reply) break;
        if (as_text(reply->bytes) == text) return true;
      }
    }
    return false;
  };
  CHECK(is_answered("one"));
  REQUIRE(client->send({as_bytes("die"), nullptr}));
  CHECK(is_answered("two"));
  CHECK(server.drain() >= 0);
}

TEST_CASE("no worker handles what was received before it was forked") {
  for (const char* concurrency : {"processes:1", "processes:2"}) {
    CAPTURE(concurrency);
    DatagramSocket socket = test::bound("udp://127.0.0.1:0");
    DatagramSocket client = test::connected(socket.endpoint().to_uri());
    test::send(client, "first");
    CHECK(test::received(socket) == "first");
    const OutgoingDatagram together[] = {{as_bytes("a")}, {as_bytes("b")}};
    REQUIRE(client.send_batch(together).value_or(0) == 2);
    CHECK(test::received(socket) == "a");
    if (!socket.has_unread()) CHECK(test::received(socket) == "b");
    socket.leave_loop();
    const auto answer = [](const Message& message) { return Reply::in_place(message); };
    ServerProcess server(test::options_for(concurrency),
                         [&](Server& made) { return made.add(std::move(socket), answer); });
    test::send(client, "c");
    CHECK(test::received(client) == "c");
    CHECK(server.drain() == 16);
  }
}

}  // namespace hotline::processes_runner_test
