#include "hotline/server/server.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::server_test {
namespace {

void echo(Stream& call) {
  while (const auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

Reply echo_message(const Message& message) { return Reply::in_place(message); }

constexpr const char* kWords[] = {"serial", "threads:4", "loops:1", "loops:2"};

}  // namespace

TEST_CASE("an endpoint that cannot be served is refused when it is added") {
  struct Form {
    std::string_view uri;
    Handler handler;
    std::string_view detail;
  };
  const Form forms[] = {
      {"nonsense", echo, "it has no scheme"},
      {"tcp://127.0.0.1:0?bachlog=1", echo, "there is no option 'bachlog'"},
      {"tcp://127.0.0.1:0?backlog=0", echo, "the option 'backlog' is not a number"},
      {"udp://127.0.0.1:0", echo, "this service is for streams"},
      {"unixgram:@x", echo, "this service is for streams"},
      {"tcp://127.0.0.1:0", echo_message, "a stream has none by itself"},
      {"unix:@x", echo_message, "a stream has none by itself"},
      {"tcp://127.0.0.1:0?framing=lines", echo, "there is no option 'framing'"},
      {"tcp://127.0.0.1:0?framing=words", echo_message, "there is no such framing"},
      {"tcp://127.0.0.1:0?max=1KiB", echo, "'max'"},
      {"udp://127.0.0.1:0?framing=lines", echo_message, "datagrams need no framing"},
      {"tcp://127.0.0.1:0", Handler(), "its handler is empty"},
      {"udp://127.0.0.1:0", Handler(), "its handler is empty"},
      {"tcp://127.0.0.1:0?framing=lines", Handler(MessageHandler()), "its handler is empty"},
      {"tcp://127.0.0.1:0", Handler(StreamHandler()), "its handler is empty"},
      {"udp://127.0.0.1:0", Handler(DatagramHandler()), "its handler is empty"},
      {"tcp://127.0.0.1:0", Handler(static_cast<void (*)(Stream&)>(nullptr)),
       "its handler is empty"},
      {"fd:0", Handler(), "its handler is empty"}};
  for (const Form& form : forms) {
    CAPTURE(form.uri);
    Server server;
    const auto added = server.add(form.uri, form.handler);
    REQUIRE_FALSE(added);
    CHECK(added.error().kind == ErrorKind::invalid_argument);
    CHECK(added.error().message().find(form.detail) != std::string::npos);
    CHECK_FALSE(added.error().hint().empty());
    CHECK(server.services().empty());
  }
}

TEST_CASE("every endpoint is bound or none is") {
  const auto taken = listen("tcp://127.0.0.1:0");
  REQUIRE(taken);
  const std::string path = "unix:@hotline-none-" + std::to_string(taken->endpoint().port());
  Server server;
  REQUIRE(server.add(path, echo));
  REQUIRE(server.add(taken->endpoint().to_uri(), echo));
  CHECK(test::kind_of(server.bind()) == "address_in_use");
  CHECK(test::kind_of(connect(path)) == "refused");
  CHECK(test::kind_of(server.run()) == "address_in_use");
}

TEST_CASE("a server is made without a descriptor, and a bind without one can be tried again") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  ServerOptions options;
  options.limits.connections_max = 1;  // Otherwise the limit would be raised.
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  Server server(options);
  const auto added = server.add("tcp://127.0.0.1:0", echo);
  const auto bound = server.bind();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(added);
  CHECK(test::kind_of(bound) == "resource_exhausted");
  CHECK(server.bind());
}

TEST_CASE("bound services are listed in the order in which they were added, with real ports") {
  Server server;
  REQUIRE(server.add("tcp://127.0.0.1:0", echo, "one"));
  REQUIRE(server.add("udp://127.0.0.1:0", echo_message, "two"));
  REQUIRE(server.bind());
  const auto services = server.services();
  REQUIRE(services.size() == 2);
  CHECK(services[0].name == "one");
  CHECK(services[0].endpoint.port() != 0);
  CHECK(services[1].name == "two");
  CHECK(services[1].endpoint.transport() == Transport::udp);
}

TEST_CASE("a server that is drained before it runs serves waiting callers and ends") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    Server server(test::options_for(word));
    REQUIRE(server.add("tcp://127.0.0.1:0", echo));
    REQUIRE(server.bind());
    const UniqueFd caller = test::connect_tcp(server.services()[0].endpoint.port());
    server.drain();
    server.drain();
    const auto report = server.run();
    REQUIRE(report);
    CHECK(report->calls == 1);
    CHECK(report->cut == 0);
  }
}

TEST_CASE("a server that is cut before it runs ends at once") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    Server server(test::options_for(word));
    REQUIRE(server.add("tcp://127.0.0.1:0", echo));
    REQUIRE(server.add("udp://127.0.0.1:0", echo_message));
    server.cut();
    CHECK(server.run());
  }
}

TEST_CASE("a drained server ends idle calls and reports that they finished") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    test::RunningServer running(test::options_for(word), "tcp://127.0.0.1:0", echo);
    const UniqueFd caller = test::connect_tcp(running.port());
    test::send_text(caller.get(), "hello");
    CHECK(test::receive_text(caller.get(), 5) == "hello");
    const DrainReport report = running.drain();
    CHECK(test::receive_until_end(caller.get()).empty());
    CHECK(report.calls == 1);
    CHECK(report.finished == 1);
    CHECK(report.cut == 0);
    CHECK(report.handler_failures == 0);
  }
}

TEST_CASE("a drain lets a handler finish its work, and the answer arrives") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    test::RunningServer running(test::options_for(word), "tcp://127.0.0.1:0", [](Stream& call) {
      std::string request(10, '\0');
      if (!call.read_exact(std::as_writable_bytes(std::span(request)))) return;
      CHECK(sleep_for(std::chrono::milliseconds(20)));
      CHECK(call.write_all(as_bytes(request)));
    });
    const UniqueFd caller = test::connect_tcp(running.port());
    test::send_text(caller.get(), "0123456789");
    // Until the handler has begun: it is the only reader.
    test::wait_sent(caller.get());
    const DrainReport report = running.drain();
    CHECK(test::receive_until_end(caller.get()) == "0123456789");
    CHECK(report.calls == 1);
    CHECK(report.cut == 0);
  }
}

TEST_CASE("a drain lets a message be sent whose length was announced") {
  for (const char* word : {"threads:4", "loops:1", "loops:2"}) {
    CAPTURE(std::string(word));
    test::RunningServer running(test::options_for(word), "tcp://127.0.0.1:0?framing=ready",
                                Handler(echo_message));
    const UniqueFd idle = test::connect_tcp(running.port());
    const UniqueFd caller = test::connect_tcp(running.port());
    test::send_text(caller.get(), "5");
    CHECK(test::receive_text(caller.get(), 5) == "ready");
    test::send_text(caller.get(), "hello");
    CHECK(test::receive_text(caller.get(), 1) == "5");
    running.server().drain();
    // The drain has reached the callers.
    CHECK(test::receive_until_end(idle.get()).empty());
    test::send_text(caller.get(), "ready");
    CHECK(test::receive_until_end(caller.get()) == "hello");
    CHECK(running.wait().cut == 0);
  }
}

TEST_CASE("calls that do not finish by the deadline of a drain are cut and reported") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    ServerOptions options = test::options_for(word);
    options.drain_timeout = std::chrono::milliseconds(10);
    test::RunningServer running(options, "tcp://127.0.0.1:0", [](Stream& call) {
      CHECK(call.receive());
      CHECK(call.write_all(as_bytes("begun")));
      CHECK(test::kind_of(sleep_for(std::chrono::hours(1))) == "cancelled");
    });
    const UniqueFd caller = test::connect_tcp(running.port());
    test::send_text(caller.get(), "x");
    CHECK(test::receive_text(caller.get(), 5) == "begun");
    const DrainReport report = running.drain();
    CHECK(report.cut == 1);
    CHECK(report.finished == 0);
  }
}

TEST_CASE("if one call is wanted, the server ends after it, whatever other listeners wait for") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    ServerOptions options = test::options_for(word);
    options.calls = CallCount::one;
    test::RunningServer running(options, "tcp://127.0.0.1:0", echo);
    UniqueFd caller = test::connect_tcp(running.port());
    test::send_text(caller.get(), "once");
    CHECK(test::receive_text(caller.get(), 4) == "once");
    caller.reset();
    CHECK(running.wait().calls == 1);
  }
}

TEST_CASE("one message is enough if one call is wanted") {
  for (const char* word : kWords) {
    CAPTURE(std::string(word));
    ServerOptions options = test::options_for(word);
    options.calls = CallCount::one;
    test::RunningServer running(options, "udp://127.0.0.1:0", echo_message);
    auto client = connect_datagrams(running.endpoint());
    REQUIRE(client);
    REQUIRE(client->send({as_bytes("once"), nullptr}));
    const auto reply = client->receive(deadline_after(std::chrono::seconds(10)));
    REQUIRE(reply);
    CHECK(as_text(reply->bytes) == "once");
    CHECK(running.wait().messages == 1);
  }
}

TEST_CASE("the engine that loops will run on is known once bound") {
  for (const EngineKind kind : test::loop_engines()) {
    ServerOptions options = test::options_for("loops:1");
    options.loop.engine = kind;
    Server server(options);
    REQUIRE(server.add("tcp://127.0.0.1:0", echo));
    REQUIRE(server.bind());
    CHECK(server.engine().engine == kind);
  }
}

TEST_CASE("draining and cutting from several threads at any time is safe") {
  for (const char* word : kWords) {
    for (int round = 0; round < 5; ++round) {
      test::RunningServer running(test::options_for(word), "tcp://127.0.0.1:0", echo);
      const UniqueFd caller = test::connect_tcp(running.port());
      const std::jthread one([&] { running.server().drain(); });
      const std::jthread other([&] { running.server().cut(); });
      running.wait();
    }
  }
}

TEST_CASE("a server ends, with the reason, when a handler has lost what it needs") {
  for (const char* word : {"serial", "threads:4", "loops:1", "loops:2", "processes:2"}) {
    CAPTURE(word);
    test::CollectingLog log;
    ServerOptions options = test::options_for(word);
    options.log = &log;
    Server server(options);
    Handler handler(echo);
    handler.needs([] { return make_error(ErrorKind::reset, "find", "the disk", "it has gone"); });
    REQUIRE(server.add("tcp://127.0.0.1:0", handler));
    const auto report = server.run();
    REQUIRE(report);
    CHECK(report->loss.value().message() == "cannot find the disk: it has gone");
    CHECK(log.has_detail("it has gone"));
  }
}

TEST_CASE("a wait for a loss that fails for lack of resources is repeated") {
  int asked = 0;
  Server server(test::options_for("loops:1"));
  Handler handler(echo);
  handler.needs([&] {
    const bool is_tired = ++asked < 3;
    return make_error(is_tired ? ErrorKind::resource_exhausted : ErrorKind::reset, "find", {}, {});
  });
  REQUIRE(server.add("tcp://127.0.0.1:0", handler));
  const auto report = server.run();
  REQUIRE(report);
  CHECK(report->loss.value().kind == ErrorKind::reset);
  CHECK(asked == 3);
}

TEST_CASE("the end of the server ends a wait for a loss that never came") {
  for (const char* word : kWords) {
    CAPTURE(word);
    bool was_sent = false;
    Handler handler(echo);
    handler.needs([&] {
      const auto slept = sleep_for(kNoTimeout);
      was_sent = true;
      return slept.error();
    });
    test::RunningServer running(test::options_for(word), "tcp://127.0.0.1:0", handler);
    CHECK_FALSE(running.drain().loss);
    CHECK(was_sent);
  }
}

}  // namespace hotline::server_test
