// What a server does without memory for a call: that call ends, and the server goes on.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <initializer_list>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/server/server.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::memory_shortage_test {
namespace {

constexpr auto kOne = test::MemoryShortage::Extent::one;

/// Wants every record, so that each is built.
class SilentLog final : public LogSink {
 public:
  void write(const LogRecord&) noexcept override {}
  bool wants(LogLevel) const noexcept override { return true; }
};

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

/// Answers with a string of its own, which needs memory.
Reply echo_message(const Message& message) {
  return std::string(1000, 'x') + std::string(as_text(message.bytes()));
}

sockaddr_in address_of(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Calls the port. Returns false if the call does not end. Allocates nothing. A datagram may get no
/// reply.
bool call_once(int socket_type, std::uint16_t port) {
  const UniqueFd caller(::socket(AF_INET, socket_type | SOCK_CLOEXEC, 0));
  const sockaddr_in address = address_of(port);
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(caller.get(), target, sizeof address) != 0) return true;
  if (::send(caller.get(), "hello\n", 6, MSG_NOSIGNAL) != 6) return true;
  const bool is_datagram = socket_type == SOCK_DGRAM;
  if (!is_datagram) ::shutdown(caller.get(), SHUT_WR);
  std::array<char, 4096> piece;
  pollfd polled{caller.get(), POLLIN, 0};
  do {
    if (::poll(&polled, 1, is_datagram ? 20 : 20'000) != 1) return is_datagram;
  } while (::recv(caller.get(), piece.data(), piece.size(), 0) > 0 && !is_datagram);
  return true;
}

/// Returns false at once if `ended` becomes readable, unless that is -1. Allocates nothing.
bool is_answered_within(int socket_type, std::uint16_t port, int patience_ms, int ended = -1) {
  const UniqueFd caller(::socket(AF_INET, socket_type | SOCK_CLOEXEC, 0));
  const sockaddr_in address = address_of(port);
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(caller.get(), target, sizeof address) != 0) return false;
  ::send(caller.get(), "again\n", 6, MSG_NOSIGNAL);
  std::array<char, 4096> piece;
  std::array<pollfd, 2> polled{{{caller.get(), POLLIN, 0}, {ended, POLLIN, 0}}};
  if (::poll(polled.data(), polled.size(), patience_ms) < 1 || !polled[0].revents) return false;
  return ::recv(caller.get(), piece.data(), piece.size(), 0) > 0;
}

bool is_answered(int socket_type, std::uint16_t port) {
  for (int i = 0; i < 100; ++i) {
    if (is_answered_within(socket_type, port, 2000)) return true;
  }
  return false;
}

struct Served {
  const char* uri;
  Handler handler;
  int socket_type;
};

void check_each_allocation(const ServerOptions& options, const Served& served) {
  CAPTURE(served.uri);
  test::RunningServer running(options, served.uri, served.handler);
  const std::uint16_t port = running.port();
  REQUIRE(is_answered(served.socket_type, port));  // It has started.
  test::with_each_allocation_failing([&](std::size_t spared) {
    bool has_struck = false;
    bool has_ended = false;
    {
      const test::MemoryShortage shortage(spared, kOne);
      has_ended = call_once(served.socket_type, port);
      has_struck = shortage.has_struck();
    }
    CAPTURE(spared);
    CHECK(has_ended);
    CHECK(is_answered(served.socket_type, port));
    return has_struck;
  });
  running.drain();
}

/// Starts a server with so many allocations before one fails. Returns true if one has failed.
bool check_start(const ServerOptions& options, std::size_t spared) {
  Server server(options);
  Handler lossless = Handler(echo).needs([] {
    const auto slept = sleep_for(std::chrono::hours(1));
    return slept ? make_error(ErrorKind::reset, "wait", {}, "an hour has passed") : slept.error();
  });
  REQUIRE(server.add("tcp://127.0.0.1:0", std::move(lossless)));
  REQUIRE(server.add("tcp://127.0.0.1:0?framing=lines", echo_message));
  REQUIRE(server.add("udp://127.0.0.1:0", echo_message));
  REQUIRE(server.bind());
  const int types[] = {SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM};
  std::array<std::uint16_t, 3> ports{};
  for (std::size_t i = 0; i < ports.size(); ++i) ports[i] = server.services()[i].endpoint.port();
  std::atomic<bool> may_run = false;
  std::atomic<bool> has_returned = false;
  const UniqueFd returned(::eventfd(0, EFD_CLOEXEC));
  Result<DrainReport> report;
  std::thread runner([&] {
    while (!may_run) std::this_thread::yield();
    report = server.run();
    has_returned = true;
    ::eventfd_write(returned.get(), 1);
  });
  bool has_struck = false;
  {
    const test::MemoryShortage shortage(spared, kOne);
    may_run = true;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      while (!has_returned && !is_answered_within(types[i], ports[i], 50, returned.get())) {
      }
    }
    has_struck = shortage.has_struck();
  }
  server.drain();
  runner.join();
  if (!report) CHECK(report.error().kind == ErrorKind::resource_exhausted);
  return has_struck;
}

/// Calls `body` with the options of each word, and those of loops for each engine.
void for_each_word(std::initializer_list<const char*> words, LogSink& log,
                   const std::function<void(const ServerOptions&)>& body) {
  for (const char* word : words) {
    for (const EngineKind engine : test::loop_engines()) {
      if (*word != 'l' && engine != test::loop_engines().front()) continue;
      CAPTURE(std::string(word));
      CAPTURE(name_of(engine));
      ServerOptions options = test::options_for(word);
      options.loop.engine = engine;
      options.log = &log;
      body(options);
    }
  }
}

}  // namespace

TEST_CASE("a server goes on whichever allocation of a call fails") {
  SilentLog log;
  const Served all[] = {
      {"tcp://127.0.0.1:0", echo, SOCK_STREAM},
      {"tcp://127.0.0.1:0?framing=lines", echo_message, SOCK_STREAM},
      {"udp://127.0.0.1:0", echo_message, SOCK_DGRAM},
  };
  for_each_word({"serial", "threads:2", "loops:1"}, log, [&](const ServerOptions& options) {
    for (const Served& each : all) check_each_allocation(options, each);
  });
}

TEST_CASE("a server can be drained and cut without any memory") {
  for (const char* word : {"serial", "threads:2", "loops:1"}) {
    CAPTURE(std::string(word));
    for (const bool is_cut : {false, true}) {
      test::RunningServer running(test::options_for(word), "tcp://127.0.0.1:0", echo);
      REQUIRE(is_answered(SOCK_STREAM, running.port()));
      {
        const test::MemoryShortage shortage;
        running.server().drain();
        running.server().drain();
        if (is_cut) running.server().cut();
      }
      running.wait();
    }
  }
}

TEST_CASE("a handler that throws ends its own call without any memory") {
  SilentLog log;
  for (const char* word : {"serial", "threads:2", "loops:1"}) {
    CAPTURE(std::string(word));
    std::optional<test::MemoryShortage> shortage;
    std::atomic<bool> is_short = false;
    ServerOptions options = test::options_for(word);
    options.log = &log;
    test::RunningServer running(options, "tcp://127.0.0.1:0", [&](Stream& call) {
      if (!call.receive()) return;
      shortage.emplace();
      is_short = true;
      throw std::bad_alloc();
    });
    const std::uint16_t port = running.port();
    for (int i = 0; i < 3; ++i) {
      CHECK_UNARY(call_once(SOCK_STREAM, port));
      CHECK_UNARY(is_short.exchange(false));
      shortage.reset();
    }
    CHECK(running.drain().handler_failures == 3);
  }
}

TEST_CASE("a server whose start finds no memory at one point reports it, or serves all the same") {
  SilentLog log;
  for_each_word({"serial", "threads:2", "loops:2"}, log, [](const ServerOptions& options) {
    test::with_each_allocation_failing([&](std::size_t spared) {
      CAPTURE(spared);
      return check_start(options, spared);
    });
  });
}

}  // namespace hotline::memory_shortage_test
