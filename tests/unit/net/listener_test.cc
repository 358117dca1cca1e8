#include "hotline/net/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <csignal>

#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::listener_test {
namespace {

Listener listening(const std::string& uri) {
  auto listener = listen(uri);
  INFO(uri, ": ", listener ? "" : listener.error().message());
  REQUIRE(listener);
  return std::move(*listener);
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// Leaves a socket at `path` without a listener, as a killed server does.
void leave_stale_socket(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

}  // namespace

TEST_CASE("port 0 asks the kernel for a port, and the endpoint has it") {
  test::on_each_engine([] {
    Listener listener = listening("tcp://127.0.0.1:0");
    CHECK(listener.endpoint().port() != 0);
    CHECK(listener.endpoint().host() == "127.0.0.1");
    const UniqueFd caller = test::connect_tcp(listener.endpoint().port());
    const auto call = listener.accept();
    REQUIRE(call);
    CHECK(call->peer().host() == "127.0.0.1");
    CHECK(call->local().port() == listener.endpoint().port());
  });
}

TEST_CASE("a caller for which there is no memory is reset, and the next is accepted") {
  test::on_each_engine([] {
    Listener listener = listening("tcp://127.0.0.1:0");
    REQUIRE(listener.accept(Deadline::at(now())).error().kind == ErrorKind::timed_out);
    test::with_each_allocation_failing([&](std::size_t spared) {
      const UniqueFd caller = test::connect_tcp(listener.endpoint().port());
      bool has_thrown = false;
      std::optional<Result<Stream>> call;
      {
        const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
        try {
          call.emplace(listener.accept());
        } catch (const std::bad_alloc&) {
          has_thrown = true;
        }
      }
      if (has_thrown) CHECK(test::is_reset(caller.get()));
      if (!has_thrown) CHECK(call->has_value());
      return has_thrown;
    });
  });
}

TEST_CASE("a listener without a host accepts callers over IPv4 and IPv6") {
  test::on_each_engine([] {
    Listener listener = listening("tcp://:0");
    for (const char* host : {"127.0.0.1", "127.0.0.2", "::1"}) {
      const UniqueFd caller = test::connect_tcp(listener.endpoint().port(), host);
      const auto call = listener.accept();
      REQUIRE(call);
      const bool is_ipv6 = std::string(host) == "::1";
      CHECK(call->peer().host() == (is_ipv6 ? "::1" : "127.0.0.1"));
    }
  });
}

TEST_CASE("a listener on an IPv6 address accepts no callers over IPv4") {
  Listener listener = listening("tcp://[::]:0");
  const UniqueFd caller = test::connect_tcp(listener.endpoint().port(), "::1");
  CHECK(listener.accept(deadline_after(std::chrono::seconds(10))));
  const UniqueFd other(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress address = test::ipv4_address(listener.endpoint().port());
  const int connected = ::connect(other.get(), static_cast<const sockaddr*>(address.data()),
                                  static_cast<socklen_t>(address.size()));
  CHECK(connected < 0);
}

TEST_CASE("an address with a listener is in use") {
  test::on_each_engine([] {
    const Listener first = listening("tcp://127.0.0.1:0");
    const auto second = listen(first.endpoint().to_uri());
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::address_in_use);
    CHECK(second.error().message() ==
          "cannot listen on " + first.endpoint().to_uri() + ": address already in use");
  });
}

TEST_CASE("a server can be restarted at once on its port") {
  Listener first = listening("tcp://127.0.0.1:0");
  const std::string uri = first.endpoint().to_uri();
  const UniqueFd caller = test::connect_tcp(first.endpoint().port());
  { const auto call = first.accept(); }
  first.close();
  CHECK(listen(uri));
}

TEST_CASE("the kernel distributes callers among listeners that share a port, and no other joins") {
  test::on_each_engine([] {
    for (const char* uri : {"tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp://:0"}) {
      CAPTURE(std::string(uri));
      Listener one = listening(uri);
      auto other = one.share_port();
      REQUIRE(other);
      auto third = other->share_port();
      REQUIRE(third);
      CHECK(third->endpoint().to_uri() == one.endpoint().to_uri());
      CHECK(test::kind_of(listen(one.endpoint())) == "address_in_use");
      // Each caller reaches one of the three.
      constexpr int kCallers = 64;
      std::vector<UniqueFd> callers;
      for (int i = 0; i < kCallers; ++i) {
        callers.push_back(test::connect_tcp(one.endpoint().port(),
                                            one.endpoint().host() == "::1" ? "::1" : "127.0.0.1"));
      }
      int taken = 0;
      std::size_t takers = 0;
      for (Listener* each : {&one, &*other, &*third}) {
        const int before = taken;
        while (each->accept(Deadline::at(now()))) ++taken;
        takers += taken > before ? 1U : 0U;
      }
      CHECK(taken == kCallers);
      CHECK(takers > 1);
    }
  });
}

TEST_CASE("only a TCP port can be shared") {
  const test::TemporaryDirectory directory;
  CHECK(test::kind_of(listening("unix://" + directory.file("s")).share_port()) == "unsupported");
}

TEST_CASE("an invalid address fails as the system reports, or at once") {
  struct Form {
    std::string_view uri;
    std::string_view kind;
  };
  for (const Form& form :
       {Form{"tcp://192.0.2.200:0", "address_not_available"},
        Form{"udp://127.0.0.1:0", "unsupported"}, Form{"unixgram:@x", "unsupported"},
        Form{"unix:///no/such/directory/s", "not_found"}, Form{"tcp://a..b:0", "unreachable"},
        Form{"tcp://127.0.0.1:0?bachlog=1", "invalid_argument"},
        Form{"tcp://127.0.0.1:0?backlog=0", "invalid_argument"},
        Form{"nonsense", "invalid_argument"}}) {
    CAPTURE(form.uri);
    CHECK(test::kind_of(listen(form.uri)) == form.kind);
  }
}

TEST_CASE("a UNIX listener creates its path and removes it at its end") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("s");
    {
      Listener listener = listening("unix://" + path);
      CHECK(listener.endpoint().to_uri() == "unix://" + path);
      const UniqueFd caller = test::connect_unix(path);
      const auto call = listener.accept();
      REQUIRE(call);
      CHECK(call->peer().to_uri() == "unix:");
    }
    CHECK_FALSE(exists(path));
  });
}

TEST_CASE("a UNIX socket without a listener is replaced") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("s");
    leave_stale_socket(path);
    Listener listener = listening("unix://" + path);
    const UniqueFd caller = test::connect_unix(path);
    CHECK(listener.accept());
  });
}

TEST_CASE("a UNIX socket with a listener is not replaced, also if its backlog is full") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("s");
    const Listener first = listening("unix://" + path + "?backlog=1");
    const UniqueFd one = test::connect_unix(path);
    const auto second = listen("unix://" + path);
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::address_in_use);
    CHECK(second.error().message().find("another program listens there already") !=
          std::string::npos);
    // The check has taken the last place in the queue.
    CHECK(test::kind_of(listen("unix://" + path)) == "address_in_use");
    CHECK(exists(path));
  });
}

TEST_CASE("a file that is not a socket is never replaced") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("precious");
  std::ofstream(path) << "text";
  const auto refused = listen("unix://" + path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::address_in_use);
  CHECK(refused.error().message().find("not a socket") != std::string::npos);
  std::string text;
  std::ifstream(path) >> text;
  CHECK(text == "text");
  CHECK(test::kind_of(listen("unix://" + directory.path())) == "address_in_use");
  REQUIRE(::symlink("nowhere", directory.file("link").c_str()) == 0);
  CHECK(test::kind_of(listen("unix://" + directory.file("link"))) == "address_in_use");
}

TEST_CASE("a path that another server has taken since is not removed") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("s");
  {
    const Listener first = listening("unix://" + path);
    REQUIRE(::unlink(path.c_str()) == 0);
    leave_stale_socket(path);
  }
  CHECK(exists(path));
}

TEST_CASE("the permission bits of a UNIX path are those that were requested") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("s");
  const Listener listener = listening("unix://" + path + "?mode=640");
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0640);
}

TEST_CASE("an abstract name needs no path, and one listener has it") {
  test::on_each_engine([] {
    const std::string uri = "unix:@hotline-unit-" + std::to_string(::getpid());
    Listener listener = listening(uri);
    CHECK(listener.endpoint().to_uri() == uri);
    CHECK(test::kind_of(listen(uri)) == "address_in_use");
    listener.close();
    CHECK(listen(uri));
  });
}

TEST_CASE("an accept times out without a caller") {
  test::on_each_engine([] {
    Listener listener = listening("tcp://127.0.0.1:0");
    CHECK(test::kind_of(listener.accept(deadline_after(std::chrono::milliseconds(1)))) ==
          "timed_out");
    const UniqueFd caller = test::connect_tcp(listener.endpoint().port());
    CHECK(listener.accept());
  });
}

TEST_CASE("a second listener over the same socket accepts callers too, and outlives the first") {
  test::on_each_engine([] {
    Listener first = listening("tcp://127.0.0.1:0");
    auto second = first.share();
    REQUIRE(second);
    CHECK(second->endpoint().to_uri() == first.endpoint().to_uri());
    first.close();
    const UniqueFd caller = test::connect_tcp(second->endpoint().port());
    CHECK(second->accept());
  });
}

TEST_CASE("a listener moves from loop to loop with the callers that it has accepted") {
  Listener listener = listening("tcp://127.0.0.1:0");
  std::vector<UniqueFd> callers;
  int accepted = 0;
  test::on_each_loop([&](engine::EventLoop& loop) {
    for (int i = 0; i < 3; ++i) callers.push_back(test::connect_tcp(listener.endpoint().port()));
    CHECK(listener.accept(Deadline::never(), AcceptAhead::allowed));
    for (int i = 0; i < 5; ++i) loop.yield();
    ++accepted;
    listener.leave_loop();
  });
  for (const std::size_t wanted = callers.size(); accepted < static_cast<int>(wanted); ++accepted) {
    CHECK(listener.accept(deadline_after(std::chrono::seconds(10))));
  }
}

TEST_CASE("a listener is inherited by its number, which the parent keeps") {
  auto [fd, port] = test::tcp_listener();
  {
    Listener listener = listening("fd:" + std::to_string(fd.get()));
    CHECK(listener.endpoint().to_uri() == "tcp://127.0.0.1:" + std::to_string(port));
    const UniqueFd caller = test::connect_tcp(port);
    CHECK(listener.accept());
  }
  const UniqueFd caller = test::connect_tcp(port);
}

TEST_CASE("a descriptor that is not a listening stream socket is not inherited") {
  const auto [stream, peer] = test::stream_pair();
  const auto [datagram, other] = test::datagram_pair();
  const auto refusal = [](int fd) {
    const auto listener = listen("fd:" + std::to_string(fd));
    REQUIRE_FALSE(listener);
    CHECK(listener.error().kind == ErrorKind::invalid_argument);
    return listener.error().detail;
  };
  CHECK(refusal(stream.get()) == "it does not listen");
  CHECK(refusal(datagram.get()) == "it is not a stream socket");
  CHECK(refusal(9999) == "there is no socket with that number");
}

TEST_CASE("a listener that was moved from ends the program that uses it") {
  const auto report = test::in_child_process([] {
    auto from = listen("tcp://127.0.0.1:0");
    const Listener to = std::move(*from);
    discard(from->accept());
  });
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text.find("a Listener that was moved from is used") != std::string::npos);
}

}  // namespace hotline::listener_test
