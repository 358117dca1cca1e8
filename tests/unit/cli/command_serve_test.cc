#include "cli/command_serve.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_serve_test {
namespace {

using namespace std::chrono_literals;
using test::Words;

/// `serve` with `words`, and a service.
ServeOptions serve(Words words) {
  words.insert(words.begin(), {"serve", "upper=tcp://a:1"});
  return test::understood<read_serve>(words);
}

std::string serve_refusal(const std::string& option, const std::string& value) {
  return test::refusal<read_serve>({"serve", "upper=tcp://a:1", option, value}).message();
}

}  // namespace

TEST_CASE("a guarded service is open to other machines only with --insecure") {
  CHECK_FALSE(serve({}).is_insecure);
  CHECK(serve({"--insecure"}).is_insecure);
}

TEST_CASE("a server drains on signals, and otherwise is what the library makes it") {
  const ServeOptions options = serve({});
  const ServerOptions library;
  CHECK(options.server.signals == SignalUse::drain);
  CHECK(options.server.calls == library.calls);
  CHECK(options.server.concurrency.to_string() == library.concurrency.to_string());
  CHECK(options.server.limits.connections_max == library.limits.connections_max);
  CHECK(options.server.timeouts.first_byte == library.timeouts.first_byte);
  CHECK(options.server.timeouts.idle == library.timeouts.idle);
  CHECK(options.server.drain_timeout == library.drain_timeout);
  CHECK(options.log_form == LogForm::text);
  CHECK(options.log_level == LogLevel::info);
}

TEST_CASE("services are pairs, in their order; an endpoint may hold more equals signs") {
  const auto services =
      test::understood<read_serve>({"serve", "upper=tcp://a:1?mode=1", "--once", "x=", "y==z"})
          .services;
  REQUIRE(services.size() == 3);
  CHECK(services[0].service == "upper");
  CHECK(services[0].uri == "tcp://a:1?mode=1");
  CHECK(services[1].service == "x");
  CHECK(services[1].uri.empty());
  CHECK(services[2].uri == "=z");
}

TEST_CASE("what is not a pair is refused") {
  for (const std::string word : {"upper", "tcp://a:1", "=tcp://a:1", "tcp://a:1?mode=1", "", "="}) {
    CHECK(test::refusal<read_serve>({"serve", word}).message() ==
          "'" + word + "' is not SERVICE=ENDPOINT");
  }
  CHECK(test::refusal<read_serve>({"serve", "a=b", "\x1b"}).message() ==
        "'\\x1b' is not SERVICE=ENDPOINT");
  CHECK(test::refusal<read_serve>({"serve"}).message() == "missing SERVICE=ENDPOINT");
}

TEST_CASE("a server's flags and numbers are understood") {
  const ServeOptions options =
      serve({"--once", "-v", "--concurrency", "threads:3", "--max-connections", "7",
             "--drain-timeout", "0s", "--idle-timeout", "2m", "--log-format", "json"});
  CHECK(options.server.calls == CallCount::one);
  CHECK(options.log_level == LogLevel::debug);
  CHECK(options.server.concurrency.to_string() == "threads:3");
  CHECK(options.server.limits.connections_max == 7);
  CHECK(options.server.drain_timeout == 0s);
  CHECK(options.server.timeouts.idle == 2min);
  CHECK(options.log_form == LogForm::json);
  CHECK(serve({"--max-connections", "18446744073709551615"}).server.limits.connections_max ==
        18446744073709551615U);
  CHECK(serve({"--drain-timeout", "none"}).server.drain_timeout == kNoTimeout);
}

TEST_CASE("the limit for the first byte is at most the idle timeout") {
  CHECK(serve({"--idle-timeout", "5s"}).server.timeouts.first_byte == 5s);
  CHECK(serve({"--idle-timeout", "1h"}).server.timeouts.first_byte == 30s);
  CHECK(serve({"--idle-timeout", "none"}).server.timeouts.first_byte == 30s);
  CHECK(serve({"--idle-timeout", "none"}).server.timeouts.idle == kNoTimeout);
}

TEST_CASE("the log has the form of the errors, unless --log-format names another") {
  CHECK(serve({"--json"}).log_form == LogForm::json);
  CHECK(serve({"--json", "--log-format", "text"}).log_form == LogForm::text);
  CHECK(serve({"--log-format", "text"}).log_form == LogForm::text);
  for (const std::string word : {"", "JSON", "xml"}) {
    CHECK(serve_refusal("--log-format", word) == "--log-format: there is no format '" + word + "'");
  }
}

TEST_CASE("an engine is chosen for loops only") {
  CHECK(serve({"--engine", "epoll"}).server.loop.engine == EngineKind::epoll);
  CHECK(serve({"--engine", "epoll", "--concurrency", "loops:2"}).server.loop.engine ==
        EngineKind::epoll);
  for (const std::string word : {"serial", "threads", "processes:2"}) {
    CHECK(test::refusal<read_serve>({"serve", "a=b", "--engine", "epoll", "--concurrency", word})
              .message() == "--engine: it applies to --concurrency loops only");
  }
  CHECK(serve_refusal("--engine", "select").starts_with("--engine: "));
  CHECK(serve_refusal("--concurrency", "fibers").starts_with("--concurrency: "));
}

TEST_CASE("a limit of connections is a number from 1 up") {
  for (const std::string value :
       {"0", "-1", "+1", "", " 1", "1 ", "1k", "0x1", "1.5", "18446744073709551616", "many"}) {
    CHECK(serve_refusal("--max-connections", value) ==
          "--max-connections: '" + value + "' is not a number from 1 up");
  }
}

TEST_CASE("the limits for callers that are not authenticated are understood") {
  CHECK_FALSE(serve({}).server.limits.unauthenticated);
  CHECK(serve({"--unauthenticated", "10:20:30"}).server.limits.unauthenticated ==
        EarlyDrop{.start = 10, .percent = 20, .full = 30});
  CHECK(serve({}).server.penalties.callers == PenalisedCallers::other_machines);
  CHECK(serve({"--penalties", "all"}).server.penalties.callers == PenalisedCallers::all);
  CHECK(serve({"--penalties", "off"}).server.penalties.callers == PenalisedCallers::none);
  CHECK(serve_refusal("--unauthenticated", "10").starts_with("--unauthenticated: "));
  CHECK(serve_refusal("--unauthenticated", "10:20:9").find("FULL is less than START") !=
        std::string::npos);
  CHECK(serve_refusal("--penalties", "local") == "--penalties: there is no word 'local'");
}

TEST_CASE("a server confines its program as far as it can, unless another word is given") {
  CHECK(serve({}).server.confinement.confine == Confine::if_possible);
  CHECK(serve({"--confine", "auto"}).server.confinement.confine == Confine::if_possible);
  CHECK(serve({"--confine", "off"}).server.confinement.confine == Confine::never);
  CHECK(serve({"--confine", "required"}).server.confinement.confine == Confine::required);
  CHECK(serve_refusal("--confine", "on") == "--confine: there is no word 'on'");
}

TEST_CASE("a limit of time of 0 and a time without a unit are refused with the option's name") {
  CHECK(serve_refusal("--idle-timeout", "0s") == "--idle-timeout: 0 would end every call at once");
  for (const std::string option : {"--idle-timeout", "--drain-timeout"}) {
    CHECK(serve_refusal(option, "5") == option + ": '5' is not a duration: it has no unit");
  }
}

TEST_CASE("the values that help lists are those that are understood") {
  for (const OptionRow& row : serve_subcommand().options) {
    for (const std::string& choice : row.choices) {
      CAPTURE(row.name);
      CAPTURE(choice);
      CHECK(read_serve(test::split({"serve", "upper=tcp://a:1", row.name, choice})));
      CHECK(row.help.find(choice) != std::string::npos);
    }
  }
}

}  // namespace hotline::cli::command_serve_test
