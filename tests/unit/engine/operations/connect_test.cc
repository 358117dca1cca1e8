#include "engine/operations/connect.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::engine::connect_test {
namespace {

int connect_to(const SocketAddress& address, int family, Deadline deadline = Deadline::never()) {
  Channel channel{UniqueFd(Engine::current().open_socket(family, SOCK_STREAM))};
  Connect connect(channel, address);
  return Engine::current().perform(connect, deadline);
}

SocketAddress unix_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return {&address, sizeof address};
}

}  // namespace

TEST_CASE("a connect to a listener succeeds, on every engine") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener();
    CHECK(connect_to(test::ipv4_address(port), AF_INET) == 0);
  });
}

TEST_CASE("a connect without a listener is refused, on every engine") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener();
    listening.reset();
    CHECK(connect_to(test::ipv4_address(port), AF_INET) == -ECONNREFUSED);
  });
}

TEST_CASE("a connect to a listener with a full backlog times out, on every engine") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener(1);
    const UniqueFd one = test::connect_tcp(port);
    const UniqueFd other = test::connect_tcp(port);
    CHECK(connect_to(test::ipv4_address(port), AF_INET,
                     deadline_after(std::chrono::milliseconds(20))) == -kDeadlineEnd);
  });
}

TEST_CASE("a UNIX listener accepts, refuses, or does not exist, on every engine") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const SocketAddress address = unix_path(directory.file("s"));
    CHECK(connect_to(address, AF_UNIX) == -ENOENT);
    UniqueFd listening(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(Engine::current().bind(listening.get(), address) == 0);
    CHECK(connect_to(address, AF_UNIX) == -ECONNREFUSED);
    REQUIRE(::listen(listening.get(), 1) == 0);
    CHECK(connect_to(address, AF_UNIX) == 0);
  });
}

TEST_CASE("a UNIX listener with a full backlog returns busy, on every engine") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const SocketAddress address = unix_path(directory.file("s"));
    UniqueFd listening(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(Engine::current().bind(listening.get(), address) == 0);
    REQUIRE(::listen(listening.get(), 0) == 0);
    const UniqueFd first = test::connect_unix(directory.file("s"));
    const int result = connect_to(address, AF_UNIX, deadline_after(std::chrono::seconds(5)));
    CHECK((result == -EBUSY || result == -EAGAIN));
  });
}

TEST_CASE("an address of another family is refused by the system, on every engine") {
  test::on_each_engine([] { CHECK(connect_to(test::ipv4_address(1), AF_UNIX) == -EINVAL); });
}

}  // namespace hotline::engine::connect_test
