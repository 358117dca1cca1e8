#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/frame_feed.h"
#include "support/loops.h"
#include "support/pipelined_upper.h"
#include "support/running_server.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

// Message handlers over framed streams, through the public Server.

namespace hotline::framed_server_test {
namespace {

using test::kPipelined;
using test::upper;

/// Runs for each way to run calls at once, on each engine, over TCP and a UNIX path. `connect`
/// returns another caller.
using Connect = std::function<UniqueFd()>;
struct Running {
  test::RunningServer& server;
  Connect connect;
};
void on_each(const std::string& framing, const Handler& handler,
             const std::function<void(Running)>& body, ServerOptions options = {}) {
  const test::TemporaryDirectory directory;
  const auto run = [&](const std::string& where) {
    INFO("at ", where);
    test::RunningServer server(options, where + "?framing=" + framing, handler);
    const bool is_tcp = server.endpoint().transport() == Transport::tcp;
    body({server, [&, is_tcp] {
            return is_tcp ? test::connect_tcp(server.port())
                          : test::connect_unix(directory.file("s"));
          }});
  };
  for (const char* word : {"serial", "threads:4", "processes:4", "loops:1", "loops:2"}) {
    const bool is_loops = std::string_view(word).starts_with("loops");
    for (const EngineKind kind :
         is_loops ? test::loop_engines() : std::vector{EngineKind::automatic}) {
      INFO(std::string(word), " on the engine ", std::string(name_of(kind)));
      options.concurrency = *Concurrency::parse(word);
      options.loop.engine = kind;
      options.linger = std::chrono::milliseconds(10);
      run("tcp://127.0.0.1:0");
      run("unix://" + directory.file("s"));
    }
  }
}

void talk_over(const Running& running, const Framing& framing) {
  const auto wire = [&](std::string_view payload) { return test::wire(framing, payload); };
  const UniqueFd caller = running.connect();
  for (int round = 0; round < 2; ++round) {
    const std::string expected = wire("HELLO") + wire("WORLD") + wire("12345");
    test::send_text(caller.get(), wire("hello") + wire("world") + wire("12345"));
    CHECK(test::receive_text(caller.get(), expected.size()) == expected);
  }
}

}  // namespace

TEST_CASE("messages are answered in order, in every framing, under every word") {
  for (const std::string& name : kPipelined) {
    CAPTURE(name);
    const Framing framing = *Framing::parse(name);
    on_each(name, upper, [&](const Running& running) {
      talk_over(running, framing);
      CHECK(running.server.drain().handler_failures == 0);
    });
  }
}

TEST_CASE("requests in one write have their replies in one receive") {
  on_each("lines", upper, [](const Running& running) {
    const UniqueFd caller = running.connect();
    std::string text;
    for (int i = 0; i < 100; ++i) text += "hello\n";
    test::send_text(caller.get(), text);
    test::wait_readable(caller.get());
    std::string replies(2 * text.size(), '\0');
    CHECK(::recv(caller.get(), replies.data(), replies.size(), 0) ==
          static_cast<ssize_t>(text.size()));
  });
}

TEST_CASE("messages in turns are answered under every word") {
  on_each("ready", upper, [](const Running& running) {
    const UniqueFd caller = running.connect();
    for (int round = 0; round < 2; ++round) {
      test::send_text(caller.get(), "5");
      CHECK(test::receive_text(caller.get(), 5) == "ready");
      test::send_text(caller.get(), "hello");
      CHECK(test::receive_text(caller.get(), 1) == "5");
      test::send_text(caller.get(), "ready");
      CHECK(test::receive_text(caller.get(), 5) == "HELLO");
    }
  });
}

TEST_CASE("a handler that throws ends only its own call, under every word") {
  const Handler handler([](const Message& message) -> Reply {
    if (as_text(message.bytes()) == "bad") throw 1;
    return Reply::in_place(message);
  });
  on_each("lines", handler, [](const Running& running) {
    {
      const UniqueFd bad = running.connect();
      test::send_text(bad.get(), "bad\nbehind\n");
      CHECK(test::receive_until_end(bad.get()).empty());
    }
    const UniqueFd good = running.connect();
    test::send_text(good.get(), "good\n");
    CHECK(test::receive_text(good.get(), 5) == "good\n");
    CHECK(running.server.drain().handler_failures == 1);
  });
}

TEST_CASE("bytes that are not a message end only their call, after the replies before them") {
  on_each("netstring", upper, [](const Running& running) {
    {
      const UniqueFd bad = running.connect();
      test::send_text(bad.get(), "1:a,hello");
      CHECK(test::receive_until_end(bad.get()) == "1:A,");
    }
    const UniqueFd good = running.connect();
    test::send_text(good.get(), "1:a,");
    CHECK(test::receive_text(good.get(), 4) == "1:A,");
  });
}

TEST_CASE("a drain hangs up on silent callers, under every word") {
  on_each("lines", upper, [](const Running& running) {
    const UniqueFd caller = running.connect();
    test::send_text(caller.get(), "x\n");
    CHECK(test::receive_text(caller.get(), 2) == "X\n");
    const DrainReport report = running.server.drain();
    CHECK(report.calls == 1);
    CHECK(report.cut == 0);
    CHECK(test::receive_until_end(caller.get()).empty());
  });
}

TEST_CASE(
    "if one call is wanted, one message is answered, then the server ends, under every word") {
  ServerOptions options;
  options.calls = CallCount::one;
  for (const char* name : {"lines", "u32be"}) {
    const Framing framing = *Framing::parse(name);
    on_each(
        name, upper,
        [&](const Running& running) {
          const UniqueFd caller = running.connect();
          test::send_text(caller.get(), test::wire(framing, "one") + test::wire(framing, "two"));
          CHECK(test::receive_until_end(caller.get()) == test::wire(framing, "ONE"));
          CHECK(running.server.wait().calls == 1);
        },
        options);
  }
}

TEST_CASE("a silent caller is disconnected, under every word") {
  ServerOptions options;
  options.timeouts.first_byte = std::chrono::milliseconds(5);
  options.timeouts.idle = std::chrono::milliseconds(5);
  on_each(
      "lines", upper,
      [](const Running& running) {
        const UniqueFd silent = running.connect();
        CHECK(test::receive_until_end(silent.get()).empty());
        const UniqueFd idle = running.connect();
        test::send_text(idle.get(), "x\n");
        CHECK(test::receive_until_end(idle.get()) == "X\n");
      },
      options);
}

}  // namespace hotline::framed_server_test
