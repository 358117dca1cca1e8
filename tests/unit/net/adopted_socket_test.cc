#include "net/adopted_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/listener.h"
#include "hotline/net/stream.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::adopted_socket_test {
namespace {

/// A pair of connected sockets in blocking mode, as socketpair(2) makes them.
std::pair<UniqueFd, UniqueFd> blocking_pair() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string refusal_of(UniqueFd socket) {
  const auto adopted = Stream::adopt(std::move(socket));
  return adopted ? "" : adopted.error().message();
}

std::string received(Stream& stream) {
  const auto bytes = stream.receive();
  return bytes ? std::string(as_text(*bytes)) : '<' + test::kind_of(bytes) + '>';
}

}  // namespace

TEST_CASE("both ends of a socketpair are streams, and their mode stays as it was") {
  test::on_each_engine([] {
    auto [one, other] = blocking_pair();
    const int fd = one.get();
    auto ours = Stream::adopt(std::move(one));
    auto theirs = Stream::adopt(std::move(other));
    REQUIRE(ours);
    REQUIRE(theirs);
    CHECK(ours->peer().transport() == Transport::unix_);
    CHECK(ours->write_all(as_bytes("question")));
    CHECK(received(*theirs) == "question");
    CHECK(theirs->write_all(as_bytes("answer")));
    CHECK(received(*ours) == "answer");
    CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
    ours->close();
    CHECK(received(*theirs) == "<closed>");
  });
}

TEST_CASE("a stream over a socket in blocking mode still ends its waits in time") {
  test::on_each_engine([] {
    auto [one, other] = blocking_pair();
    StreamOptions options;
    options.timeouts.first_byte = options.timeouts.write = std::chrono::milliseconds(5);
    auto stream = Stream::adopt(std::move(one), options);
    REQUIRE(stream);
    CHECK(received(*stream) == "<timed_out>");
    const std::string bulk(4 * 1024 * 1024, 'x');
    CHECK(test::kind_of(stream->write_all(as_bytes(bulk))) == "timed_out");
  });
}

TEST_CASE("an adopted TCP connection knows its peer and gets what a connection of ours has") {
  test::on_each_engine([] {
    auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
    REQUIRE(listener);
    UniqueFd socket = test::connect_tcp(listener->endpoint().port());
    const int fd = socket.get();
    auto accepted = listener->accept();
    REQUIRE(accepted);
    auto stream = Stream::adopt(std::move(socket));
    REQUIRE(stream);
    CHECK(stream->peer().to_string() == listener->endpoint().to_string());
    CHECK(stream->local().to_string() == accepted->peer().to_string());
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    REQUIRE(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
    CHECK(no_delay == 1);
    CHECK(stream->write_all(as_bytes("text")));
    CHECK(received(*accepted) == "text");
  });
}

TEST_CASE("what is not a connected stream socket is refused with a reason, and closed") {
  test::on_each_engine([] {
    CHECK(refusal_of(UniqueFd()) == "cannot adopt a socket: there is no descriptor");
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const UniqueFd write_end(ends[1]);
    CHECK(refusal_of(UniqueFd(ends[0])) == "cannot adopt a socket: it is not a socket");
    CHECK(::fcntl(ends[0], F_GETFD) < 0);
    CHECK(refusal_of(UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))) ==
          "cannot adopt a socket: it is not a stream socket");
    CHECK(refusal_of(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))) ==
          "cannot adopt a socket: it is not connected");
    CHECK(refusal_of(UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))) ==
          "cannot adopt a socket: it is not connected");
  });
}

}  // namespace hotline::adopted_socket_test
