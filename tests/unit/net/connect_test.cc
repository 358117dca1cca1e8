#include "hotline/net/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::connect_test {
namespace {

using std::chrono::milliseconds;

ConnectOptions within(Duration timeout) {
  ConnectOptions options;
  options.timeout = timeout;
  return options;
}

std::string uri_of(std::uint16_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

std::uint16_t unused_port() { return test::tcp_listener().second; }

int flag_of(const Stream& stream, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  REQUIRE(::getsockopt(stream.descriptor(), level, name, &value, &size) == 0);
  return value;
}

}  // namespace

TEST_CASE("a stream knows its peer's address and its own") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener();
    const auto stream = connect(uri_of(port));
    REQUIRE(stream);
    CHECK(stream->peer().to_uri() == uri_of(port));
    CHECK(stream->local().host() == "127.0.0.1");
    CHECK(stream->is_open());
  });
}

TEST_CASE("a TCP stream sends without delay and detects a vanished peer") {
  auto [listening, port] = test::tcp_listener();
  const auto stream = connect(uri_of(port));
  REQUIRE(stream);
  CHECK(flag_of(*stream, IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(flag_of(*stream, SOL_SOCKET, SO_KEEPALIVE) == 1);
}

TEST_CASE("without a listener a connection is refused, and the error says where") {
  test::on_each_engine([] {
    const std::uint16_t port = unused_port();
    const auto stream = connect(uri_of(port));
    REQUIRE_FALSE(stream);
    CHECK(stream.error().kind == ErrorKind::refused);
    CHECK(stream.error().message() == "cannot connect to " + uri_of(port) + ": connection refused");
    CHECK(stream.error().hint() == "is the server running, and on that port?");
  });
}

TEST_CASE("the addresses of a name are tried in order") {
  test::on_each_engine([] {
    // Without a host: both loopback addresses, only one of which has a listener.
    auto [listening, port] = test::tcp_listener();
    const auto stream = connect("tcp://:" + std::to_string(port));
    REQUIRE(stream);
    CHECK(stream->peer().host() == "127.0.0.1");
  });
}

TEST_CASE("if every address fails, the error names each failure") {
  test::on_each_engine([] {
    const std::string port = std::to_string(unused_port());
    const auto stream = connect("tcp://:" + port);
    REQUIRE_FALSE(stream);
    CHECK(stream.error().kind == ErrorKind::refused);
    const std::string message = stream.error().message();
    CHECK(message.starts_with("cannot connect to tcp://:" + port + ": "));
    CHECK(message.find("tcp://[::1]:" + port + ": connection refused") != std::string::npos);
    CHECK(message.find("tcp://127.0.0.1:" + port + ": connection refused") != std::string::npos);
    CHECK_FALSE(stream.error().hint().empty());
  });
}

TEST_CASE("a connection to a listener with a full backlog times out") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener(0);
    const UniqueFd one = test::connect_tcp(port);
    const auto stream = connect(uri_of(port), within(milliseconds(20)));
    REQUIRE_FALSE(stream);
    CHECK(stream.error().kind == ErrorKind::timed_out);
    CHECK(stream.error().message() == "cannot connect to " + uri_of(port) + ": timed out");
  });
}

TEST_CASE("an enclosing deadline limits a connection too") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener(0);
    const UniqueFd one = test::connect_tcp(port);
    const DeadlineScope scope(deadline_after(milliseconds(5)));
    CHECK(test::kind_of(connect(uri_of(port))) == "timed_out");
  });
}

TEST_CASE("a connection in progress can be cancelled") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener(0);
    const UniqueFd one = test::connect_tcp(port);
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("connecting", [&] { kind = test::kind_of(connect(uri_of(port))); }));
    REQUIRE(group.spawn("canceller", [&] { group.cancel(); }));
    CHECK(group.join());
    CHECK(kind == "cancelled");
  });
}

TEST_CASE("a UNIX listener is connected to by path and by abstract name") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    for (const std::string& uri :
         {"unix://" + directory.file("s"), "unix:@hotline-connect-" + std::to_string(::getpid())}) {
      auto listener = listen(uri);
      REQUIRE(listener);
      const auto stream = connect(uri);
      REQUIRE(stream);
      CHECK(stream->peer().to_uri() == uri);
    }
  });
}

TEST_CASE("a missing UNIX path and one without a listener are distinguished") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const std::string uri = "unix://" + directory.file("s");
    CHECK(test::kind_of(connect(uri)) == "not_found");
    auto listener = listen(uri);
    REQUIRE(listener);
    const std::string other = directory.file("other");
    REQUIRE(::link(directory.file("s").c_str(), other.c_str()) == 0);
    listener->close();
    CHECK(test::kind_of(connect("unix://" + other)) == "refused");
  });
}

TEST_CASE("a UNIX listener whose backlog is full is waited for, up to the timeout") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("s");
    auto listener = listen("unix://" + path + "?backlog=1");
    REQUIRE(listener);
    const UniqueFd one = test::connect_unix(path);
    const UniqueFd other = test::connect_unix(path);
    const auto refused = connect("unix://" + path, within(milliseconds(5)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::timed_out);
    CHECK(refused.error().message().find("its queue of waiting callers stays full") !=
          std::string::npos);
    REQUIRE(listener->accept());
    CHECK(connect("unix://" + path));
  });
}

TEST_CASE("an endpoint that is not for streams is refused at once") {
  struct Form {
    std::string_view uri;
    std::string_view kind;
  };
  for (const Form& form :
       {Form{"udp://127.0.0.1:1", "unsupported"}, Form{"unixgram:@x", "unsupported"},
        Form{"fd:3", "unsupported"}, Form{"tcp://127.0.0.1:1?x=1", "invalid_argument"},
        Form{"nonsense", "invalid_argument"}, Form{"tcp://a..b:1", "unreachable"}}) {
    CAPTURE(form.uri);
    CHECK(test::kind_of(connect(form.uri)) == form.kind);
  }
}

TEST_CASE("port 0 is not called, over any transport that has ports") {
  for (const std::string_view uri : {"tcp://127.0.0.1:0", "tcp://:0", "tls://127.0.0.1:0"}) {
    CAPTURE(uri);
    const auto refused = connect(uri);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid_argument);
    CHECK(refused.error().message().ends_with("no server can be called at port 0"));
    CHECK(refused.error().hint().starts_with("write the port of the server"));
  }
  CHECK(test::kind_of(connect_datagrams("udp://127.0.0.1:0")) == "invalid_argument");
  CHECK(test::kind_of(connect("unix:@hotline-without-listener")) == "refused");
}

TEST_CASE("a look-up that times out is reported as such") {
  test::on_each_loop([](engine::EventLoop&) {
    const auto stream = connect("tcp://localhost:1", within(Duration::zero()));
    REQUIRE_FALSE(stream);
    // Unless the answer came in the same turn: a completed result counts.
    if (stream.error().kind == ErrorKind::refused) return;
    CHECK(stream.error().kind == ErrorKind::timed_out);
    const std::string message = stream.error().message();
    const bool is_told = message ==
                             "cannot connect to tcp://localhost:1: "
                             "the name could not be looked up in time" ||
                         message.ends_with("timed out");
    CHECK_MESSAGE(is_told, message);
  });
}

TEST_CASE("the receive option of a URI limits each receive") {
  test::on_each_engine([] {
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    auto stream = connect(listener->endpoint().to_uri() + "?receive=3");
    REQUIRE(stream);
    auto call = listener->accept();
    REQUIRE(call);
    REQUIRE(call->write_all(as_bytes("abcdef")));
    const auto first = stream->receive();
    REQUIRE(first);
    CHECK(as_text(*first) == "abc");
  });
}

TEST_CASE("connections that fail leave no descriptor behind") {
  test::on_each_engine([] {
    const std::string port = std::to_string(unused_port());
    const std::size_t before = test::open_descriptors();
    for (int i = 0; i < 20; ++i) CHECK_FALSE(connect("tcp://:" + port));
    // Fewer if an earlier look-up, which was given up, has ended in the meantime.
    CHECK(test::open_descriptors() <= before);
  });
}

}  // namespace hotline::connect_test
