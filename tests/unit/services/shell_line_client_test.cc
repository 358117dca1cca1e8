#include "hotline/services/shell_line_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <future>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/net/connect.h"
#include "support/interrupts.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::shell_line_client_test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

/// A server of the test, for one call, and its client.
class Peer {
 public:
  template <typename Answer>
  Peer(ShellLineClientOptions options, Answer answer) : options_(options) {
    auto [listening, port] = test::tcp_listener();
    port_ = port;
    thread_ = std::thread([listener = std::move(listening), answer] {
      test::wait_readable(listener.get());
      const UniqueFd call(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      answer(call.get());
    });
  }
  ~Peer() { thread_.join(); }

  ShellLineClient client() const {
    auto stream = connect("tcp://127.0.0.1:" + std::to_string(port_));
    REQUIRE(stream);
    return ShellLineClient(std::move(*stream), options_);
  }

 private:
  ShellLineClientOptions options_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Returns the result of a client that runs `ls` once, and finishes.
std::string outcome(ShellLineClientOptions options, const std::string& reply,
                    const std::string& rest = {}) {
  options.linger = 10s;
  const Peer peer(options, [&](int call) {
    if (test::receive_text(call, 2) != "ls") return;
    test::send_text(call, reply);
    if (options.wire != CommandWire::ready) return;
    if (test::receive_text(call, 5) == "ready") test::send_text(call, rest);
    test::receive_until_end(call);
  });
  ShellLineClient client = peer.client();
  const auto got = client.run("ls");
  if (!got) return "<" + test::kind_of(got) + ">";
  const auto finished = client.finish();
  return finished ? *got : "<" + test::kind_of(finished) + ">";
}

std::string ready(const std::string& length, const std::string& rest) {
  return outcome({.wire = CommandWire::ready, .reply_max = 1000}, length, rest);
}

std::string i32(const std::string& reply) {
  return outcome({.wire = CommandWire::i32, .reply_max = 1000}, reply);
}

}  // namespace

TEST_CASE("i32: a reply is complete, or an error") {
  CHECK(i32("\3\0\0\0abc"s) == "abc");
  CHECK(i32("\0\0\0\0"s) == "");
  CHECK(i32("") == "<closed>");
  CHECK(i32("\3\0\0"s) == "<truncated>");
  CHECK(i32("\3\0\0\0ab"s) == "<truncated>");
  CHECK(i32("\3\0\0\0abcd"s) == "<protocol_violation>");
  CHECK(i32("\xff\xff\xff\xff"s) == "<protocol_violation>");
  CHECK(i32("\xe9\3\0\0"s) == "<too_large>");
}

TEST_CASE("a reply that stops after it has begun is an error, however long a command may take") {
  for (const auto& [wire, begun] : {std::pair{CommandWire::i32, "ok\n"s},
                                    {CommandWire::i32, "\3\0\0\0ab"s},
                                    {CommandWire::ready, "12"s}}) {
    const Peer peer({.wire = wire, .silence_max = 50ms}, [&](int call) {
      if (test::receive_text(call, 2) == "ls") test::send_text(call, begun);
      test::receive_until_end(call);
    });
    ShellLineClient client = peer.client();
    const auto got = client.run("ls");
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == ErrorKind::timed_out);
    CHECK(got.error().hint() == "does the server speak wire=" + std::string(name_of(wire)) + "?");
  }
}

TEST_CASE("a reply may begin long after the limit on its silence") {
  const Peer peer({.wire = CommandWire::i32, .silence_max = 0ms}, [&](int call) {
    // Until the reply is there the client has looked for it many times.
    if (test::receive_text(call, 2) != "ls") return;
    test::send_text(call, "\3\0\0\0abc"s);
    test::receive_until_end(call);
  });
  ShellLineClient client = peer.client();
  const auto got = client.run("ls");
  REQUIRE(got);
  CHECK(*got == "abc");
}

TEST_CASE("ready: a reply is whole, or an error") {
  CHECK(ready("3", "abc") == "abc");
  CHECK(ready("0", "") == "");
  CHECK(ready("1000", std::string(1000, 'x')) == std::string(1000, 'x'));
  CHECK(ready("3", "abcd") == "<protocol_violation>");
  CHECK(ready("abc", "") == "<protocol_violation>");
  CHECK(ready("3\n", "abc") == "<protocol_violation>");
  CHECK(ready("1001", "") == "<too_large>");
}

TEST_CASE("ready: a server that hangs up within a reply has cut it") {
  const auto hang_up_after = [](const std::string& length, const std::string& rest) {
    const Peer peer({.wire = CommandWire::ready}, [=](int call) {
      test::receive_text(call, 2);
      test::send_text(call, length);
      if (rest.empty()) return;
      test::receive_text(call, 5);
      test::send_text(call, rest);
    });
    return test::kind_of(peer.client().run("ls"));
  };
  CHECK(hang_up_after("", "") == "closed");
  CHECK(hang_up_after("3", "") == "truncated");
  CHECK(hang_up_after("3", "ab") == "truncated");
  CHECK(hang_up_after("3", "abc").empty());
}

TEST_CASE("ready: a length whose digits come late is an error, never a shorter reply") {
  const Peer peer({.wire = CommandWire::ready, .linger = 10s}, [](int call) {
    test::receive_text(call, 2);
    test::send_text(call, "1");
    // The client has taken that for the whole of it.
    test::receive_text(call, 5);
    test::send_text(call, "2");
    test::send_text(call, "hello, world");
    test::receive_until_end(call);
  });
  ShellLineClient client = peer.client();
  const auto reply = client.run("ls");
  const bool has_failed = !reply || !client.finish();
  CHECK(has_failed);
}

TEST_CASE("ready: extra bytes before the next command are an error") {
  const Peer peer({.wire = CommandWire::ready}, [](int call) {
    test::receive_text(call, 2);
    test::send_text(call, "1");
    test::receive_text(call, 5);
    test::send_text(call, "a");
    test::send_text(call, "b");
    test::receive_until_end(call);
  });
  ShellLineClient client = peer.client();
  const auto reply = client.run("ls");
  if (!reply) return;  // It came with the reply.
  test::wait_readable(client.stream().descriptor());
  CHECK(test::kind_of(client.run("ls")) == "protocol_violation");
}

TEST_CASE("ready: a server that keeps the call open after a complete reply has answered") {
  std::promise<void> finished;
  const Peer peer({.wire = CommandWire::ready, .linger = 10ms}, [&finished](int call) {
    test::receive_text(call, 2);
    test::send_text(call, "1");
    test::receive_text(call, 5);
    test::send_text(call, "a");
    finished.get_future().wait_for(10s);
  });
  ShellLineClient client = peer.client();
  CHECK(client.run("ls").value() == "a");
  CHECK(client.finish());
  CHECK_FALSE(client.stream().is_open());
  finished.set_value();
}

TEST_CASE("ready: a server that resets after the announced bytes leaves the reply in doubt") {
  const Peer peer({.wire = CommandWire::ready, .linger = 10s}, [](int call) {
    test::receive_text(call, 2);
    test::send_text(call, "1");
    test::receive_text(call, 5);
    test::send_text(call, "a");
    test::receive_until_end(call);
    const linger none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(call, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  });
  ShellLineClient client = peer.client();
  CHECK(client.run("ls").value() == "a");
  CHECK(test::kind_of(client.finish()) == "reset");
}

TEST_CASE("ready: a timeout that ends before the silence does is an error") {
  const Peer peer({.wire = CommandWire::ready, .linger = 10s}, [](int call) {
    test::receive_text(call, 2);
    test::send_text(call, "1");
    test::receive_text(call, 5);
    test::send_text(call, "a");
    test::receive_until_end(call);
    pollfd broken{.fd = call, .events = 0, .revents = 0};
    ::poll(&broken, 1, 10'000);
  });
  ShellLineClient client = peer.client();
  CHECK(client.run("ls").value() == "a");
  const DeadlineScope scope(deadline_after(10ms));
  CHECK(test::kind_of(client.finish()) == "timed_out");
}

TEST_CASE("plain: a reply ends with silence, or with the call") {
  const Peer peer({.linger = 20ms}, [](int call) {
    test::receive_text(call, 2);
    test::send_text(call, "one");
    test::receive_text(call, 3);
    test::send_text(call, "two");
  });
  ShellLineClient client = peer.client();
  CHECK(client.run("ls").value() == "one");
  CHECK(client.run("pwd").value() == "two");
  CHECK_FALSE(client.run("ls"));
}

TEST_CASE("plain: the pieces are delivered as they arrive") {
  const Peer peer({.linger = 10s}, [](int call) {
    test::receive_text(call, 2);
    test::send_text(call, "one");
    test::receive_text(call, 4);
    test::send_text(call, "two");
  });
  ShellLineClient client = peer.client();
  std::string all;
  const auto ran = client.run("ls", [&](Bytes piece) {
    all += as_text(piece);
    return all != "one" || client.stream().write_all(as_bytes("more"s)).has_value();
  });
  CHECK(ran);
  CHECK(all == "onetwo");
}

TEST_CASE("plain: a server that hangs up without a reply, or sends too much, has failed") {
  CHECK(outcome({}, "") == "<closed>");
  CHECK(outcome({.reply_max = 3}, "abcd") == "<too_large>");
}

TEST_CASE("a sink that returns false ends the run") {
  for (const CommandWire wire : {CommandWire::plain, CommandWire::i32}) {
    const Peer peer({.wire = wire}, [](int call) {
      test::receive_text(call, 2);
      test::send_text(call, "\1\0\0\0a"s);
      test::receive_until_end(call);
    });
    ShellLineClient client = peer.client();
    CHECK(test::kind_of(client.run("ls", [](Bytes) { return false; })) == "cancelled");
  }
}

TEST_CASE("a reply that does not come in time is not waited for, whatever has arrived") {
  for (const std::string& beginning : {""s, "\1\0"s, "\1\0\0\0"s}) {
    const Peer peer({.wire = CommandWire::i32, .timeout = 20ms}, [beginning](int call) {
      test::receive_text(call, 2);
      // The client may have gone before.
      static_cast<void>(::send(call, beginning.data(), beginning.size(), MSG_NOSIGNAL));
      test::receive_until_end(call);
    });
    CHECK(test::kind_of(peer.client().run("ls")) == "timed_out");
  }
}

TEST_CASE("a client that is dropped within a reply breaks the call off") {
  std::string end;
  {
    const Peer peer({.timeout = 10ms}, [&](int call) {
      test::receive_text(call, 2);
      test::wait_readable(call);
      char byte = 0;
      const auto got = test::through_interrupts([&] { return ::recv(call, &byte, 1, 0); });
      end = got == 0 ? "closed" : "reset";
    });
    CHECK(test::kind_of(peer.client().run("ls")) == "timed_out");
  }
  CHECK(end == "reset");
}

TEST_CASE("an invalid command is not sent") {
  const Peer peer({}, [](int call) { CHECK(test::receive_until_end(call).empty()); });
  ShellLineClient client = peer.client();
  CHECK(test::kind_of(client.run("")) == "invalid_argument");
  CHECK(test::kind_of(client.run("a\0b"s)) == "invalid_argument");
  CHECK(test::kind_of(client.run(std::string(16 * 1024 + 1, 'a'))) == "invalid_argument");
}

}  // namespace hotline::shell_line_client_test
