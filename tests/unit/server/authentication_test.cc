#include "server/authentication.h"

#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/framing/frame_stream.h"
#include "hotline/net/connect.h"
#include "support/loops.h"
#include "support/on_each_word.h"
#include "support/simulated.h"
#include "support/sockets.h"

// Handler::authenticate through the public Server, under every word.

namespace hotline::server::authentication_test {
namespace {

/// How a service takes its calls, and what a caller says and hears after the password.
struct Shape {
  const char* option;
  const char* said;
  const char* heard;
};
constexpr Shape kRaw = {"", "hello", "mary:hello"};
constexpr Shape kLines = {"?framing=lines", "hello\n", "hello\n"};

void greet(Stream& call, const CallInfo& info) {
  while (const auto bytes = call.receive()) {
    const std::string name = info.identity() == nullptr ? "anonymous" : info.identity()->name;
    if (!call.write_all(as_bytes(name + ':')) || !call.write_all(*bytes)) return;
  }
}

Reply echo(const Message& message) { return Reply::in_place(message); }

Handler greeter(const Shape& shape, Authenticator authenticator) {
  Handler handler = *shape.option == '\0' ? Handler(greet) : Handler(echo);
  return handler.authenticate(std::move(authenticator));
}

/// Takes callers that begin with "mary".
Result<Identity> ask_name(Stream& call) {
  std::string name(4, '\0');
  const auto read = call.read_exact(std::as_writable_bytes(std::span(name)));
  if (!read) return fail(read.error());
  if (name == "mary") return Identity{name};
  return fail(
      make_error(ErrorKind::permission_denied, "authenticate", {}, "no such user: " + name));
}

struct Running {
  test::RunningServer& server;
  test::CollectingLog& log;
  const Shape& shape;
  bool is_serial;

  UniqueFd call() const { return test::connect_tcp(server.port()); }
};

void on_each(const Authenticator& authenticator, const std::function<void(const Running&)>& body,
             ServerOptions options = {}, const std::string& allowed = {}) {
  for (const char* word : {"serial", "threads:4", "processes:4", "loops:1", "loops:2"}) {
    const bool is_loops = std::string_view(word).starts_with("loops");
    for (const EngineKind kind :
         is_loops ? test::loop_engines() : std::vector{EngineKind::automatic}) {
      for (const Shape& shape : {kRaw, kLines}) {
        INFO(std::string(word), " on the engine ", std::string(name_of(kind)), " ",
             std::string(shape.option));
        test::CollectingLog log;
        options.concurrency = *Concurrency::parse(word);
        options.loop.engine = kind;
        options.linger = std::chrono::milliseconds(10);
        options.log = &log;
        const std::string more = allowed.empty()         ? ""
                                 : *shape.option == '\0' ? '?' + allowed
                                                         : '&' + allowed;
        test::RunningServer server(options, std::string("tcp://127.0.0.1:0") + shape.option + more,
                                   greeter(shape, authenticator));
        body({server, log, shape, std::string_view(word) == "serial"});
      }
    }
  }
}

std::string heard(const UniqueFd& caller, std::string_view expected) {
  return test::receive_text(caller.get(), expected.size());
}

void talk(const Running& running, const UniqueFd& caller) {
  test::send_text(caller.get(), running.shape.said);
  CHECK(heard(caller, running.shape.heard) == running.shape.heard);
}

}  // namespace

TEST_CASE("an authenticated caller is served, and what it sent ahead is its handler's") {
  on_each(ask_name, [](const Running& running) {
    const UniqueFd caller = running.call();
    test::send_text(caller.get(), std::string("mary") + running.shape.said);
    CHECK(heard(caller, running.shape.heard) == running.shape.heard);
    talk(running, caller);
    CHECK(running.server.drain().handler_failures == 0);
  });
}

TEST_CASE("an authenticator that reads messages gives back what it has not read") {
  const auto ask_in_frames = [](Stream& call) -> Result<Identity> {
    const Framing framing = Framing::parse("netstring").value();
    FrameStream frames(call, framing);
    const auto name = frames.read_frame();
    if (!name) return fail(name.error());
    Identity identity{std::string(as_text(*name))};
    frames.release();
    return identity;
  };
  on_each(ask_in_frames, [](const Running& running) {
    const UniqueFd caller = running.call();
    test::send_text(caller.get(), std::string("4:mary,") + running.shape.said);
    CHECK(heard(caller, running.shape.heard) == running.shape.heard);
    talk(running, caller);
  });
}

TEST_CASE("a known caller that the list does not have is reset, counted and logged") {
  on_each(
      [](Stream& call) -> Result<Identity> {
        std::string name(4, '\0');
        const auto read = call.read_exact(std::as_writable_bytes(std::span(name)));
        if (!read) return fail(read.error());
        return Identity{name};
      },
      [](const Running& running) {
        const UniqueFd stranger = running.call();
        test::send_text(stranger.get(), std::string("e\nve") + running.shape.said);
        CHECK(test::is_reset(stranger.get()));
        const UniqueFd caller = running.call();
        test::send_text(caller.get(), "mary");
        talk(running, caller);
        const Counters counters = running.server.server().counters();
        CHECK(counters.authenticated == 1);
        CHECK(counters.refusals(Refusal::not_allowed) == 1);
        CHECK(counters.refusals() == 1);
        CHECK(running.server.drain().handler_failures == 0);
        CHECK(running.log.identities_with("refused: the caller is not allowed") ==
              std::vector<std::string>{R"(secret:e\nve)"});
        CHECK(running.log.identities_with("authenticated") ==
              std::vector<std::string>{"secret:mary"});
      },
      {}, "allow=john,mary");
}

TEST_CASE("a password that comes in pieces is read whole") {
  on_each(ask_name, [](const Running& running) {
    const UniqueFd caller = running.call();
    test::send_text(caller.get(), "ma");
    test::wait_sent(caller.get());
    test::send_text(caller.get(), "ry");
    test::wait_sent(caller.get());
    talk(running, caller);
  });
}

TEST_CASE("a refused caller sees a reset, is logged, and the next is served") {
  on_each(ask_name, [](const Running& running) {
    const UniqueFd stranger = running.call();
    test::send_text(stranger.get(), std::string("eve!") + running.shape.said);
    CHECK(test::is_reset(stranger.get()));
    const UniqueFd caller = running.call();
    test::send_text(caller.get(), "mary");
    talk(running, caller);
    CHECK(running.server.drain().handler_failures == 0);
    CHECK(running.log.has("refused: not authenticated"));
    CHECK(running.log.has_detail("no such user: eve!"));
  });
}

TEST_CASE("a caller that says too little in the time for its authentication is refused") {
  ServerOptions options;
  options.authentication_timeout = std::chrono::milliseconds(20);
  on_each(
      ask_name,
      [](const Running& running) {
        const UniqueFd silent = running.call();
        CHECK(test::is_reset(silent.get()));
        const UniqueFd halting = running.call();
        test::send_text(halting.get(), "mar");
        CHECK(test::is_reset(halting.get()));
        CHECK(running.log.has("refused: not authenticated"));
      },
      options);
}

TEST_CASE("a slow authentication delays no other caller, except under serial") {
  on_each(ask_name, [](const Running& running) {
    if (running.is_serial) return;
    const UniqueFd slow = running.call();
    test::send_text(slow.get(), "ma");
    const UniqueFd quick = running.call();
    test::send_text(quick.get(), "mary");
    talk(running, quick);
    test::send_text(slow.get(), "ry");
    talk(running, slow);
  });
}

TEST_CASE("an authentication that throws refuses its call and is counted as a failure") {
  const auto thrower = [](Stream&) -> Result<Identity> { throw std::runtime_error("no key"); };
  on_each(thrower, [](const Running& running) {
    const UniqueFd caller = running.call();
    CHECK(test::is_reset(caller.get()));
    CHECK(running.server.drain().handler_failures == 1);
    CHECK(running.log.has("the authentication failed; its call is refused"));
    CHECK(running.log.has_detail("no key"));
  });
}

TEST_CASE("a caller is refused, but not penalised, if its authenticator fails") {
  for (const ErrorKind kind : {ErrorKind::reset, ErrorKind::timed_out}) {
    const auto asker = [kind](Stream& call) -> Result<Identity> {
      REQUIRE(ask_name(call));
      return fail(make_error(kind, "receive from", "tcp://192.0.2.1:389", "the directory is down"));
    };
    ServerOptions options;
    options.penalties.callers = PenalisedCallers::all;
    options.penalties.enforced_from = std::chrono::milliseconds(1);
    on_each(
        asker,
        [](const Running& running) {
          for (int i = 0; i < 2; ++i) {
            const UniqueFd caller = running.call();
            test::send_text(caller.get(), "mary");
            CHECK(test::is_reset(caller.get()));
          }
          running.log.wait_for("refused: not authenticated", 2);
          CHECK(running.log.has_detail("the directory is down"));
          const Counters counters = running.server.server().counters();
          CHECK(counters.refusals(Refusal::not_authenticated) == 2);
          CHECK(counters.refusals(Refusal::penalised) == 0);
        },
        options);
  }
}

TEST_CASE("an authentication may close its call in good order, with a last word") {
  const auto polite = [](Stream& call) -> Result<Identity> {
    CHECK(call.write_all(as_bytes("go away")));
    call.close();
    return fail(make_error(ErrorKind::permission_denied, "authenticate", {}, "full moon"));
  };
  on_each(polite, [](const Running& running) {
    const UniqueFd caller = running.call();
    CHECK(test::receive_until_end(caller.get()) == "go away");
    running.log.wait_for("call ended");
    CHECK(running.log.has_detail("full moon"));
  });
}

TEST_CASE("a drain ends a call that is being authenticated") {
  on_each(ask_name, [](const Running& running) {
    const UniqueFd caller = running.call();
    test::send_text(caller.get(), "ma");
    running.log.wait_for("call began");
    const DrainReport report = running.server.drain();
    CHECK(report.calls == 1);
    CHECK(report.cut == 0);
    CHECK(test::is_reset(caller.get()));
  });
}

TEST_CASE("an authentication runs before there is a process for its call") {
  std::atomic<int> asked = 0;
  on_each(
      [&](Stream& call) {
        ++asked;  // A child would count in its own memory.
        return ask_name(call);
      },
      [&](const Running& running) {
        asked = 0;
        const UniqueFd stranger = running.call();
        test::send_text(stranger.get(), "eve!");
        CHECK(test::is_reset(stranger.get()));
        CHECK(asked == 1);
      });
}

TEST_CASE("the user at a UNIX socket is known to stream handlers, makers and the log") {
  const auto name_of_caller = [](const CallInfo& info) {
    return info.identity() == nullptr ? std::string("-") : info.identity()->to_string();
  };
  const auto greet_user = [&](Stream& call, const CallInfo& info) {
    if (call.receive()) discard(call.write_all(as_bytes(name_of_caller(info) + "\n")));
  };
  const auto make = [&](const CallInfo& info) -> MessageHandler {
    return [name = name_of_caller(info)](const Message&) { return Reply(name).then_close(); };
  };
  const std::string user = "uid:" + std::to_string(::geteuid()) +
                           ",gid:" + std::to_string(::getegid()) +
                           ",pid:" + std::to_string(::getpid());
  test::on_each_word([&](ServerOptions options) {
    for (const bool is_framed : {false, true}) {
      CAPTURE(is_framed);
      test::CollectingLog log;
      options.log = &log;
      const bool is_one_process = options.concurrency.kind != Concurrency::Kind::processes;
      test::RunningServer running(options,
                                  std::string("unix:@calling-user-") + std::to_string(::getpid()) +
                                      (is_framed ? "?framing=lines" : ""),
                                  is_framed ? Handler(make) : Handler(greet_user));
      auto call = connect(running.endpoint());
      REQUIRE(call);
      REQUIRE(call->write_all(as_bytes("x\n")));
      std::string heard;
      while (const auto bytes = call->receive()) heard += as_text(*bytes);
      CHECK(heard == user + '\n');
      running.drain();
      CHECK(log.identities_with("call began") == std::vector<std::string>{user});
      if (is_one_process) {
        CHECK(log.identities_with("call ended") == std::vector<std::string>{user});
      }
      CHECK(running.server().counters().authenticated == 0);
    }
  });
}

TEST_CASE("in a simulated world a silent caller is refused after ten seconds, and others go on") {
  for (const char* word : {"threads:4", "loops:1", "loops:2"}) {
    for (const Shape& shape : {kRaw, kLines}) {
      CAPTURE(std::string(word));
      CAPTURE(std::string(shape.option));
      test::Simulation simulation;
      std::string silent_end;
      Duration silent_for{};
      std::string heard_by_mary;
      simulation.run([&] {
        Server server(test::options_for(word));
        REQUIRE(
            server.add(std::string("tcp://127.0.0.1:0") + shape.option, greeter(shape, ask_name)));
        REQUIRE(server.bind());
        TaskGroup callers;
        const Endpoint where = server.services().front().endpoint;
        REQUIRE(callers.spawn("silent", [&] {
          auto call = connect(where);
          REQUIRE(call);
          const Instant before = now();
          silent_end = test::kind_of(call->receive());
          silent_for = now() - before;
          server.drain();
        }));
        REQUIRE(callers.spawn("mary", [&] {
          auto call = connect(where);
          REQUIRE(call);
          REQUIRE(call->write_all(as_bytes(std::string("mary") + shape.said)));
          heard_by_mary.resize(std::string_view(shape.heard).size());
          REQUIRE(call->read_exact(std::as_writable_bytes(std::span(heard_by_mary))));
        }));
        REQUIRE(server.run());
        CHECK(callers.join());
      });
      CHECK(silent_end == "reset");
      CHECK(silent_for > std::chrono::milliseconds(9'900));
      CHECK(silent_for < std::chrono::seconds(11));
      CHECK(heard_by_mary == shape.heard);
    }
  }
}

TEST_CASE("datagrams cannot be authenticated: binding fails") {
  Server server;
  REQUIRE(server.add("udp://127.0.0.1:0", Handler(echo).authenticate(ask_name)));
  const auto bound = server.bind();
  REQUIRE_FALSE(bound);
  CHECK(bound.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(bound.error().hint().empty());
}

}  // namespace hotline::server::authentication_test
