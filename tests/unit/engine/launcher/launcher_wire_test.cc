#include "engine/launcher/launcher_wire.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/sockets.h"

namespace hotline::engine::launcher_wire_test {
namespace {

struct Sockets {
  Sockets() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    near.reset(ends[0]);
    far.reset(ends[1]);
  }
  UniqueFd near;
  UniqueFd far;
};

LaunchDescriptors three_descriptors() {
  const auto open = [] { return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); };
  return {open(), open(), open()};
}

}  // namespace

TEST_CASE("a request arrives complete, with its descriptors, which no program inherits") {
  const Sockets sockets;
  REQUIRE(send_request(sockets.near.get(), as_bytes("words"), three_descriptors()) == 0);
  std::array<std::byte, 16> memory;
  LaunchDescriptors received;
  REQUIRE(receive_request(sockets.far.get(), memory, RequestWait::yes, received) == 5);
  CHECK(as_text(std::span(memory).first(5)) == "words");
  for (const UniqueFd* each : {&received.output, &received.error, &received.status}) {
    REQUIRE(*each);
    CHECK(::fcntl(each->get(), F_GETFD) == FD_CLOEXEC);
  }
}

TEST_CASE("a request has the descriptor of an input only if there is an input") {
  const Sockets sockets;
  for (const bool has_input : {false, true}) {
    CAPTURE(has_input);
    LaunchDescriptors sent = three_descriptors();
    if (has_input) sent.input.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    REQUIRE(send_request(sockets.near.get(), as_bytes("words"), sent) == 0);
    std::array<std::byte, 16> memory;
    LaunchDescriptors received;
    REQUIRE(receive_request(sockets.far.get(), memory, RequestWait::yes, received) == 5);
    CHECK(received.status);
    REQUIRE(static_cast<bool>(received.input) == has_input);
    if (has_input) CHECK(::fcntl(received.input.get(), F_GETFD) == FD_CLOEXEC);
  }
}

TEST_CASE("a request for a program on a terminal has no descriptors of an error and an input") {
  const Sockets sockets;
  LaunchDescriptors sent = three_descriptors();
  sent.error.reset();
  REQUIRE(send_request(sockets.near.get(), as_bytes("words"), sent) == 0);
  std::array<std::byte, 16> memory;
  LaunchDescriptors received;
  REQUIRE(receive_request(sockets.far.get(), memory, RequestWait::yes, received) == 5);
  CHECK(received.status);
  CHECK(received.output);
  CHECK_FALSE(received.error);
  CHECK_FALSE(received.input);
}

TEST_CASE("without a request nothing is received, and after the server's end the result is 0") {
  Sockets sockets;
  std::array<std::byte, 16> memory;
  LaunchDescriptors received;
  CHECK(receive_request(sockets.far.get(), memory, RequestWait::no, received) == -EAGAIN);
  sockets.near.reset();
  CHECK(receive_request(sockets.far.get(), memory, RequestWait::yes, received) == 0);
}

TEST_CASE("a message with no descriptors, or too few, leaves the missing ones invalid") {
  const Sockets sockets;
  REQUIRE(::send(sockets.near.get(), "x", 1, 0) == 1);
  std::array<std::byte, 16> memory;
  LaunchDescriptors received;
  CHECK(receive_request(sockets.far.get(), memory, RequestWait::yes, received) == 1);
  CHECK_FALSE(received.status);
}

TEST_CASE("a message with more descriptors than a request has leaves none open") {
  const Sockets sockets;
  const std::size_t before = test::open_descriptors();
  for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 16U}) {
    CAPTURE(count);
    std::vector<int> numbers(count, sockets.near.get());
    std::vector<char> control(CMSG_SPACE(count * sizeof(int)));
    iovec piece{const_cast<char*>("x"), 1};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(header), numbers.data(), count * sizeof(int));
    REQUIRE(::sendmsg(sockets.near.get(), &message, 0) == 1);
    std::array<std::byte, 16> memory;
    {
      LaunchDescriptors received;
      CHECK(receive_request(sockets.far.get(), memory, RequestWait::yes, received) == 1);
      CHECK(static_cast<bool>(received.status) == (count >= 2));
      CHECK(static_cast<bool>(received.output) == (count >= 2));
      CHECK(static_cast<bool>(received.error) == (count >= 3));
      CHECK(static_cast<bool>(received.input) == (count >= 4));
    }
    CHECK(test::open_descriptors() == before);
  }
}

TEST_CASE("sending never waits: it fails if too many requests are in transit") {
  const Sockets sockets;
  const std::string large(64 * 1024, 'x');
  int result = 0;
  for (int i = 0; i < 1000 && result == 0; ++i) {
    result = send_request(sockets.near.get(), as_bytes(large), three_descriptors());
  }
  CHECK(result == -EAGAIN);
}

TEST_CASE("requests for signals arrive in order, then the end of the socket") {
  Sockets sockets;
  CHECK(receive_signal_request(sockets.far.get()) == -EAGAIN);
  REQUIRE(send_signal_request(sockets.near.get(), 15) == 0);
  REQUIRE(send_signal_request(sockets.near.get(), 64) == 0);
  sockets.near.reset();
  CHECK(receive_signal_request(sockets.far.get()) == 15);
  CHECK(receive_signal_request(sockets.far.get()) == 64);
  CHECK(receive_signal_request(sockets.far.get()) == 0);
}

TEST_CASE("a request for a signal does not wait, and fails if the keeper has gone") {
  Sockets sockets;
  int result = 0;
  for (int i = 0; i < 100'000 && result == 0; ++i) {
    result = send_signal_request(sockets.near.get(), 15);
  }
  CHECK(result == -EAGAIN);
  Sockets left;
  left.far.reset();
  CHECK(send_signal_request(left.near.get(), 15) == -EPIPE);
}

TEST_CASE("a status arrives as it was sent, and one for a server that has gone is harmless") {
  Sockets sockets;
  send_status(sockets.far.get(), {StatusKind::ended, -1, 9});
  LaunchStatus status;
  REQUIRE(::read(sockets.near.get(), &status, sizeof status) == sizeof status);
  CHECK(status.kind == StatusKind::ended);
  CHECK(status.value == -1);
  CHECK(status.signal == 9);
  sockets.near.reset();
  send_status(sockets.far.get(), {});
}

}  // namespace hotline::engine::launcher_wire_test
