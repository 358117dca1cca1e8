#include "hotline/server/serve.h"

#include <signal.h>

#include <cstdio>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/sim/world.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/standard_streams.h"

namespace hotline::serve_test {
namespace {

void picky(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (as_text(*bytes) == "boom") throw std::runtime_error("as\nasked");
    if (!call.write_all(*bytes)) return;
  }
}

sim::WorldOptions roomy() {
  sim::WorldOptions options;
  options.loop.fiber_stack_bytes = 256 * 1024;
  return options;
}

/// Serves in a world with two callers, one of which makes the handler throw. Returns the exit
/// status.
int serve_two_callers(const ServerOptions& options) {
  int status = -1;
  std::string reply;
  sim::World world(1, roomy());
  world.host("a").run([&] { status = serve("tcp://:8000", picky, options); });
  world.host("b").run([&] {
    for (const char* word : {"boom", "fine"}) {
      auto call = connect("tcp://a:8000");
      REQUIRE(call);
      CHECK(call->write_all(as_bytes(word)));
      const auto bytes = call->receive();
      reply = bytes ? std::string(as_text(*bytes)) : std::string(name_of(bytes.error().kind));
      if (*word == 'b') CHECK(reply == "reset");
    }
  });
  CHECK(world.run().holds());
  CHECK(reply == "fine");
  return status;
}

}  // namespace

TEST_CASE("exceptions of a handler are reported on standard error, escaped, on one line") {
  int status = -1;
  const std::string text =
      test::written_to(stderr, [&] { status = serve_two_callers(ServerOptions()); });
  CHECK(status == 0);
  CHECK(text.starts_with("listening tcp://[::]:8000\nerror: the handler failed; its call ends "));
  CHECK(text.ends_with("\"as\\nasked\"\n"));
}

TEST_CASE("a log of the caller replaces standard error") {
  test::CollectingLog log;
  ServerOptions options;
  options.log = &log;
  const std::string text = test::written_to(stderr, [&] { serve_two_callers(options); });
  CHECK(text == "listening tcp://[::]:8000\n");
  CHECK(log.count(LogLevel::error) == 1);
}

TEST_CASE("on_serving is called after the line that says listening") {
  std::string told;
  ServerOptions options;
  options.on_serving = [&](const Server& server) {
    told += server.services().front().endpoint.to_uri();
  };
  const std::string text = test::written_to(stderr, [&] { serve_two_callers(options); });
  CHECK(text.starts_with("listening tcp://[::]:8000\n"));
  CHECK(told == "tcp://[::]:8000");
}

TEST_CASE("a failure to serve is an error with a hint, without a line that says listening") {
  for (const char* uri : {"nonsense", "tcp://127.0.0.1:0?bachlog=1", "udp://127.0.0.1:0"}) {
    CAPTURE(uri);
    int status = -1;
    const std::string text = test::written_to(stderr, [&] { status = serve(uri, picky); });
    CHECK(status == 1);
    CHECK(text.starts_with("error: "));
    CHECK(text.find("\nhint: ") != text.npos);
    CHECK(text.find("listening") == text.npos);
  }
}

TEST_CASE("a server whose start fails never prints listening") {
  ServerOptions options;
  options.concurrency.count = 1;
  options.loop.fiber_stack_bytes = std::size_t{1} << 50;
  int status = -1;
  const std::string text =
      test::written_to(stderr, [&] { status = serve("tcp://127.0.0.1:0", picky, options); });
  CHECK(status == 1);
  CHECK(text.starts_with("error: "));
}

TEST_CASE("a server with endpoints and tasks of its own is served as one endpoint is") {
  int status = -1;
  std::string reply;
  std::string task_end;
  std::uint64_t calls = 0;
  const auto run_program = [&] {
    Server server({.concurrency = Concurrency::parse("loops:1").value()});
    server.add("tcp://:8000", picky, "one").value();
    server.add("tcp://:8001", picky, "two").value();
    server
        .add_task("task",
                  [&] {
                    const auto slept = sleep_for(std::chrono::hours(9), OnDrain::ends);
                    task_end = slept ? "slept" : name_of(slept.error().kind);
                  })
        .value();
    status = serve(server);
    calls = server.counters().calls;
  };
  const std::string text = test::written_to(stderr, [&] {
    sim::World world(1, roomy());
    sim::Host host = world.host("a");
    host.run(run_program);
    world.host("b").run([&] {
      auto call = connect("tcp://a:8001").value();
      call.write_all(as_bytes("boom")).value();
      reply = test::kind_of(call.receive());
    });
    world.at(std::chrono::minutes(1), [&] { host.signal(SIGTERM); });
    CHECK(world.run().holds());
  });
  CHECK(status == 0);
  CHECK(reply == "reset");
  CHECK(calls == 1);
  CHECK(task_end == "draining");  // Nothing but the signal has ended it.
  CHECK(text.starts_with("listening tcp://[::]:8000\nlistening tcp://[::]:8001\nerror: "));
  CHECK(text.ends_with("\"as\\nasked\"\n"));
}

TEST_CASE("a server that is bound already is served, and one that has run is an error") {
  Server server;
  server.add("tcp://127.0.0.1:0", picky).value();
  server.bind().value();
  server.drain();
  std::string text = test::written_to(stderr, [&] { CHECK(serve(server) == 0); });
  CHECK(text.starts_with("listening tcp://127.0.0.1:"));
  text = test::written_to(stderr, [&] { CHECK(serve(server) == 1); });
  CHECK(text.starts_with("error: cannot run the server: it has run, and ended\nhint: "));
}

TEST_CASE("a signal drains a server that was bound without signals before it is served") {
  Server server({.concurrency = Concurrency::parse("serial").value(),
                 .on_serving = [](const Server&) { ::raise(SIGTERM); }});
  server.add("tcp://127.0.0.1:0", picky).value();
  server.bind().value();
  const std::string text = test::written_to(stderr, [&] { CHECK(serve(server) == 0); });
  CHECK(text.starts_with("listening tcp://127.0.0.1:"));
}

TEST_CASE("a server whose endpoint is in use is an error with a hint") {
  Server first;
  first.add("tcp://127.0.0.1:0", picky).value();
  first.bind().value();
  Server second;
  second.add(first.services().front().endpoint.to_uri(), picky).value();
  const std::string text = test::written_to(stderr, [&] { CHECK(serve(second) == 1); });
  CHECK(text.find("address already in use\nhint: another program") != text.npos);
}

}  // namespace hotline::serve_test
