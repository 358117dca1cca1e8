#include "net/bind.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/fiber_group.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::net::bind_test {
namespace {

Endpoint endpoint_of(const std::string& uri) {
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  return *endpoint;
}

Result<BoundSocket> bound(const std::string& uri, SocketKind kind,
                          const SocketOptions& options = {}) {
  return bind_socket(endpoint_of(uri), kind, options);
}

Result<BoundSocket> beside(const BoundSocket& first, SocketKind kind) {
  return bind_beside(*first.channel, first.endpoint, kind, {});
}

/// What bind(2) and listen(2) give a rival that does as the servers of old did.
int rival_at(const BoundSocket& bound, SocketKind kind, bool reuses_port) {
  const UniqueFd rival(::socket(AF_INET, native(kind), 0));
  const int on = 1;
  if (kind == SocketKind::stream)
    ::setsockopt(rival.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuses_port) ::setsockopt(rival.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  const auto* address = static_cast<const sockaddr*>(bound.address.data());
  if (::bind(rival.get(), address, static_cast<socklen_t>(bound.address.size())) < 0) return errno;
  return kind == SocketKind::stream && ::listen(rival.get(), 1) < 0 ? errno : 0;
}

constexpr std::pair<const char*, SocketKind> kPorts[] = {
    {"tcp://127.0.0.1:0", SocketKind::stream}, {"udp://127.0.0.1:0", SocketKind::datagram}};

unsigned mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_mode & 07777U;
}

/// Sets the umask of the process while it exists.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

}  // namespace

TEST_CASE("a bound socket has its address with the port that the kernel chose") {
  for (const char* uri : {"tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp://:0"}) {
    CAPTURE(std::string(uri));
    const auto socket = bound(uri, SocketKind::stream);
    REQUIRE(socket);
    CHECK(socket->endpoint.port() != 0);
    CHECK(socket->endpoint.to_uri() ==
          Endpoint::of_address(Transport::tcp, socket->address).to_uri());
  }
}

TEST_CASE("every address means IPv6 and IPv4 together where the machine has both") {
  const auto socket = bound("udp://:0", SocketKind::datagram);
  REQUIRE(socket);
  CHECK(socket->endpoint.host() == "::");
}

TEST_CASE("two sockets cannot be bound to one port, with UDP neither") {
  for (const auto& [uri, type] : kPorts) {
    CAPTURE(std::string(uri));
    const auto first = bound(uri, type);
    REQUIRE(first);
    CHECK(test::kind_of(bound(first->endpoint.to_uri(), type)) == "address_in_use");
  }
}

TEST_CASE("a port whose socket others may join is refused to rivals, whenever they come") {
  for (const auto& [uri, type] : kPorts) {
    CAPTURE(std::string(uri));
    const auto first = bound(uri, type);
    REQUIRE(first);
    for (const bool reuses_port : {false, true}) {
      CHECK(rival_at(*first, type, reuses_port) == EADDRINUSE);
    }
    const auto second = beside(*first, type);
    REQUIRE(second);
    CHECK(second->endpoint.to_uri() == first->endpoint.to_uri());
    REQUIRE(beside(*second, type));
    CHECK(test::kind_of(bound(first->endpoint.to_uri(), type)) == "address_in_use");
    CHECK(rival_at(*first, type, false) == EADDRINUSE);
  }
}

TEST_CASE("of two that have bound one port and do not listen yet, only one can listen") {
  const UniqueFd rival(::socket(AF_INET, SOCK_STREAM, 0));
  const int on = 1;
  REQUIRE(::setsockopt(rival.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  const SocketAddress any = test::ipv4_address(0);
  REQUIRE(::bind(rival.get(), static_cast<const sockaddr*>(any.data()),
                 static_cast<socklen_t>(any.size())) == 0);
  const SocketAddress address = test::bound_address(rival.get());
  const auto ours =
      bound(Endpoint::of_address(Transport::tcp, address).to_uri(), SocketKind::stream);
  REQUIRE(ours);
  CHECK(::listen(rival.get(), 1) == -1);
  CHECK(errno == EADDRINUSE);
}

TEST_CASE("a port released within 100 ms is waited for, and a conflict is reported soon after") {
  test::on_each_engine([] {
    for (const auto& [uri, type] : kPorts) {
      CAPTURE(std::string(uri));
      auto first = bound(uri, type);
      REQUIRE(first);
      const Instant begun = now();
      CHECK(test::kind_of(bound(first->endpoint.to_uri(), type)) == "address_in_use");
      CHECK(now() - begun >= std::chrono::milliseconds(100));
      const std::string wanted = first->endpoint.to_uri();
      std::jthread killed([held = UniqueFd(::dup(first->channel->fd()))]() mutable {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        held.reset();
      });
      first->channel->close();
      CHECK(bound(wanted, type));
    }
  });
}

TEST_CASE("a fiber that waits for a port to come free lets others run") {
  test::on_each_loop([](engine::EventLoop& loop) {
    const auto first = bound("tcp://127.0.0.1:0", SocketKind::stream);
    REQUIRE(first);
    bool has_ended = false;
    engine::FiberGroup group(loop);
    loop.spawn(
        "bind",
        [&] {
          CHECK_FALSE(bound(first->endpoint.to_uri(), SocketKind::stream));
          has_ended = true;
        },
        &group);
    int turns = 0;
    while (!has_ended && sleep_for(std::chrono::milliseconds(1))) ++turns;
    CHECK(turns >= 3);
    group.join();
  });
}

TEST_CASE("a UNIX path has its mode from the beginning, whatever the umask") {
  const test::TemporaryDirectory directory;
  for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
    const Umask umask(mask);
    for (const unsigned mode : {0600U, 0660U, 0666U, 0777U, 0U}) {
      for (const SocketKind type : {SocketKind::stream, SocketKind::datagram}) {
        CAPTURE(mask);
        CAPTURE(mode);
        SocketOptions options;
        options.mode = mode;
        const std::string path = directory.file("s");
        const std::string scheme = type == SocketKind::stream ? "unix://" : "unixgram://";
        const auto socket = bound(scheme + path, type, options);
        REQUIRE(socket);
        CHECK(mode_of(path) == mode);
      }
    }
  }
}

TEST_CASE("a UNIX path without a mode has the mode that the umask leaves") {
  const test::TemporaryDirectory directory;
  const Umask umask(027);
  const auto socket = bound("unix://" + directory.file("s"), SocketKind::stream);
  REQUIRE(socket);
  CHECK(mode_of(directory.file("s")) == 0750);
}

TEST_CASE("the lock of a path exists only while the path is bound") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("s");
  {
    const auto socket = bound("unix://" + path, SocketKind::stream);
    REQUIRE(socket);
    CHECK(::access((path + ".lock").c_str(), F_OK) == -1);
    CHECK(test::kind_of(bound("unix://" + path, SocketKind::stream)) == "address_in_use");
  }
  CHECK(::access((path + ".lock").c_str(), F_OK) == -1);
  CHECK(::access(path.c_str(), F_OK) == -1);
}

TEST_CASE("a path that could not be bound is not left behind") {
  const test::TemporaryDirectory directory;
  const auto socket = bound("unix://" + directory.file("none/s"), SocketKind::stream);
  REQUIRE_FALSE(socket);
  CHECK(socket.error().kind == ErrorKind::not_found);
}

TEST_CASE("an inherited socket keeps its address, and its transport is found out") {
  const auto original = bound("udp://127.0.0.1:0", SocketKind::datagram);
  REQUIRE(original);
  const auto inherited =
      bound("fd:" + std::to_string(original->channel->fd()), SocketKind::datagram);
  REQUIRE(inherited);
  CHECK(inherited->endpoint.to_uri() == original->endpoint.to_uri());
}

TEST_CASE("permission bits are refused for endpoints other than a UNIX path") {
  SocketOptions options;
  options.mode = 0600;
  const auto inherited = bound("udp://127.0.0.1:0", SocketKind::datagram);
  REQUIRE(inherited);
  const std::string fd = "fd:" + std::to_string(inherited->channel->fd());
  const std::string name = ":@bind-mode-" + std::to_string(::getpid());
  const std::pair<std::string, SocketKind> all[] = {{"tcp://127.0.0.1:0", SocketKind::stream},
                                                    {"udp://127.0.0.1:0", SocketKind::datagram},
                                                    {"unix" + name, SocketKind::stream},
                                                    {"unixgram" + name, SocketKind::datagram},
                                                    {fd, SocketKind::datagram}};
  for (const auto& [uri, type] : all) {
    CAPTURE(uri);
    const auto refused = bound(uri, type, options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid_argument);
    CHECK(refused.error().detail == "the option 'mode' is for a UNIX path");
  }
}

}  // namespace hotline::net::bind_test
