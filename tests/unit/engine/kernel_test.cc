#include "engine/kernel.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include <doctest/doctest.h>

#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::engine::kernel_test {

TEST_CASE("a socket is opened non-blocking and closed on exec") {
  Kernel kernel;
  const UniqueFd fd(kernel.open_socket(AF_INET, SOCK_STREAM));
  REQUIRE(fd);
  CHECK((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(kernel.open_socket(9999, SOCK_STREAM) == -EAFNOSUPPORT);
}

TEST_CASE("failed calls return the negated errno") {
  Kernel kernel;
  SocketAddress address;
  int value = 0;
  std::size_t size = sizeof value;
  PathStatus status;
  CHECK(kernel.bind(-1, test::ipv4_address(0)) == -EBADF);
  CHECK(kernel.listen(-1, 1) == -EBADF);
  CHECK(kernel.set_option(-1, SOL_SOCKET, SO_REUSEADDR, &value, size) == -EBADF);
  CHECK(kernel.get_option(-1, SOL_SOCKET, SO_REUSEADDR, &value, size) == -EBADF);
  CHECK(kernel.local_address(-1, address) == -EBADF);
  CHECK(address.is_empty());
  CHECK(kernel.peer_address(-1, address) == -EBADF);
  CHECK(kernel.shut_down(-1, SHUT_WR) == -EBADF);
  CHECK(kernel.duplicate(-1) == -EBADF);
  CHECK(kernel.set_non_blocking(-1) == -EBADF);
  CHECK(kernel.path_status("/no/such/path", status) == -ENOENT);
  CHECK(kernel.remove_path("/no/such/path") == -ENOENT);
  CHECK(kernel.set_path_mode("/no/such/path", 0600) == -ENOENT);
}

TEST_CASE("both sides of a connection know each other's address") {
  Kernel kernel;
  auto [listening, port] = test::tcp_listener();
  const UniqueFd caller = test::connect_tcp(port);
  SocketAddress peer;
  CHECK(kernel.peer_address(caller.get(), peer) == 0);
  CHECK(peer == test::ipv4_address(port));
  SocketAddress own;
  CHECK(kernel.local_address(listening.get(), own) == 0);
  CHECK(own == peer);
}

TEST_CASE("a duplicate is another descriptor of the same socket, closed on exec") {
  Kernel kernel;
  auto [ours, peer] = test::stream_pair();
  const UniqueFd other(kernel.duplicate(ours.get()));
  REQUIRE(other);
  CHECK(other.get() > 2);
  CHECK((::fcntl(other.get(), F_GETFD) & FD_CLOEXEC) != 0);
  test::send_text(other.get(), "x");
  CHECK(test::receive_text(peer.get(), 1) == "x");
}

TEST_CASE("the type of a path is reported without following links") {
  Kernel kernel;
  const test::TemporaryDirectory directory;
  PathStatus status;
  CHECK(kernel.path_status(directory.path(), status) == 0);
  CHECK(status.is_directory);
  CHECK_FALSE(status.is_socket);
  const std::string file = directory.file("file");
  std::ofstream(file) << "text";
  CHECK(kernel.path_status(file, status) == 0);
  CHECK_FALSE(status.is_directory);
  CHECK_FALSE(status.is_socket);
  REQUIRE(::symlink("nowhere", directory.file("link").c_str()) == 0);
  CHECK(kernel.path_status(directory.file("link"), status) == 0);
  CHECK(kernel.set_path_mode(file, 0640) == 0);
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0640);
  CHECK(kernel.remove_path(file) == 0);
  CHECK(kernel.path_status(file, status) == -ENOENT);
}

TEST_CASE("a descriptor is made non-blocking for every holder") {
  Kernel kernel;
  auto [ours, peer] = test::stream_pair();
  const UniqueFd other(::dup(peer.get()));
  CHECK(kernel.set_non_blocking(peer.get()) == 0);
  CHECK((::fcntl(other.get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("the monotonic clock does not go back") {
  Kernel kernel;
  Instant last = kernel.read_clock();
  for (int i = 0; i < 1000; ++i) {
    const Instant next = kernel.read_clock();
    CHECK(next >= last);
    last = next;
  }
}

}  // namespace hotline::engine::kernel_test
