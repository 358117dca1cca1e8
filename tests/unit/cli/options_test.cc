#include "cli/options.h"

#include <doctest/doctest.h>

namespace hotline::cli::options_test {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

template <typename Options>
Options understood(const Words& words) {
  const CommandLine line = parse_command_line(words);
  REQUIRE(line.command);
  const Options* options = std::get_if<Options>(&*line.command);
  REQUIRE(options != nullptr);
  return *options;
}

/// `serve` with `words`, and a service.
ServeOptions serve(Words words) {
  words.insert(words.begin(), {"serve", "upper=tcp://a:1"});
  return understood<ServeOptions>(words);
}

CallOptions call(Words words) {
  words.insert(words.begin(), {"call", "tcp://a:1"});
  return understood<CallOptions>(words);
}

Error refusal(const Words& words) {
  const CommandLine line = parse_command_line(words);
  REQUIRE_FALSE(line.command);
  CHECK(line.command.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(line.command.error().hint().empty());
  return line.command.error();
}

std::string serve_refusal(const std::string& option, const std::string& value) {
  return refusal({"serve", "upper=tcp://a:1", option, value}).message();
}

}  // namespace

TEST_CASE("each command has its options") {
  understood<ServicesOptions>({"services"});
  understood<DoctorOptions>({"doctor"});
  understood<ServeOptions>({"serve", "upper=tcp://a:1"});
  understood<CallOptions>({"call", "tcp://a:1"});
  understood<RunOptions>({"run", "tcp://a:1", "ls"});
  understood<ShellOptions>({"shell", "tcp://a:1"});
}

TEST_CASE("run has a command, whose words are its own behind --") {
  const auto options =
      understood<RunOptions>({"run", "--linger=2s", "tcp://a:1", "--", "ls", "-l"});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.command == Words{"ls", "-l"});
  CHECK(options.linger == 2s);
  CHECK(options.connect_timeout == 30s);
  CHECK(options.timeout == kNoTimeout);
  CHECK(refusal({"run"}).message() == "nowhere to run it");
  CHECK(refusal({"run", "tcp://a:1"}).message() == "no command to run");
  CHECK(refusal({"run", "tcp://a:1", "--", ""}).message() == "no command to run");
  CHECK(refusal({"run", "tcp://a:1", "ls", "-l"}).message().starts_with("there is no option '-l'"));
}

TEST_CASE("a limit of time of run and shell is for connecting too") {
  const auto run = understood<RunOptions>({"run", "tcp://a:1", "--timeout", "5s", "ls"});
  CHECK(run.timeout == 5s);
  CHECK(run.connect_timeout == 5s);
  const auto shell = understood<ShellOptions>({"shell", "tcp://a:1", "--timeout", "5s"});
  CHECK(shell.timeout == 5s);
  CHECK(shell.connect_timeout == 5s);
  CHECK(refusal({"shell", "tcp://a:1", "--timeout", "0s"}).message().starts_with("--timeout: "));
  CHECK(refusal({"shell"}).message() == "nowhere to run commands");
  CHECK(refusal({"shell", "tcp://a:1", "ls"}).message() == "one word too many: 'ls'");
}

TEST_CASE("a guarded service is let out only where that is said") {
  CHECK_FALSE(serve({}).is_insecure);
  CHECK(serve({"--insecure"}).is_insecure);
}

TEST_CASE("help is on a topic, or on the command that it stands with") {
  CHECK(understood<HelpOptions>({"help"}).topic.empty());
  CHECK(understood<HelpOptions>({"--help"}).topic.empty());
  CHECK(understood<HelpOptions>({"-h"}).topic.empty());
  CHECK(understood<HelpOptions>({"help", "call"}).topic == "call");
  CHECK(understood<HelpOptions>({"--help", "serve"}).topic == "serve");
  for (const std::string command :
       {"serve", "call", "run", "shell", "services", "doctor", "help"}) {
    CHECK(understood<HelpOptions>({command, "-h"}).topic == command);
  }
}

TEST_CASE("the version goes before everything else") {
  understood<VersionOptions>({"--version"});
  understood<VersionOptions>({"--version", "--help", "serve"});
  CHECK(refusal({"serve", "--version"}).message().starts_with("there is no option '--version'"));
}

TEST_CASE("without a command there is an error") {
  CHECK(refusal({}).message() == "no command");
  CHECK(refusal({"--json"}).hint() == "see 'hotline --help'");
}

TEST_CASE("what every command takes stands before it or behind it") {
  for (const Words& words :
       {Words{"--json", "--home", "h", "services"}, Words{"services", "--json", "--home=h"}}) {
    const CommandLine line = parse_command_line(words);
    CHECK(line.common.output == OutputForm::json);
    CHECK(line.common.home == "h");
  }
  const CommandLine line = parse_command_line({"services"});
  CHECK(line.common.output == OutputForm::text);
  CHECK(line.common.home.empty());
}

TEST_CASE("a mistake is shown as JSON if that was asked for, however wrong the rest is") {
  const auto form = [](const Words& words) {
    const CommandLine line = parse_command_line(words);
    CHECK_FALSE(line.command);
    return line.common.output;
  };
  CHECK(form({"nothing", "--json"}) == OutputForm::json);
  CHECK(form({"--json", "call", "--nothing"}) == OutputForm::json);
  CHECK(form({"call", "--json", "e", "--timeout", "x"}) == OutputForm::json);
  CHECK(form({"nothing"}) == OutputForm::text);
  CHECK(form({"nothing", "--", "--json"}) == OutputForm::text);
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
      understood<ServeOptions>({"serve", "upper=tcp://a:1?mode=1", "--once", "x=", "y==z"})
          .services;
  REQUIRE(services.size() == 3);
  CHECK(services[0].service == "upper");
  CHECK(services[0].uri == "tcp://a:1?mode=1");
  CHECK(services[1].service == "x");
  CHECK(services[1].uri.empty());
  CHECK(services[2].uri == "=z");
}

TEST_CASE("what is no pair is refused") {
  for (const std::string word : {"upper", "tcp://a:1", "=tcp://a:1", "tcp://a:1?mode=1", "", "="}) {
    CHECK(refusal({"serve", word}).message() == "'" + word + "' is not SERVICE=ENDPOINT");
  }
  CHECK(refusal({"serve", "a=b", "\x1b"}).message() == "'\\x1b' is not SERVICE=ENDPOINT");
  CHECK(refusal({"serve"}).message() == "nothing to serve");
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

TEST_CASE("a caller's first word has no more time than every other") {
  CHECK(serve({"--idle-timeout", "5s"}).server.timeouts.first_byte == 5s);
  CHECK(serve({"--idle-timeout", "1h"}).server.timeouts.first_byte == 30s);
  CHECK(serve({"--idle-timeout", "none"}).server.timeouts.first_byte == 30s);
  CHECK(serve({"--idle-timeout", "none"}).server.timeouts.idle == kNoTimeout);
}

TEST_CASE("the log has the form of the errors, unless it was given its own") {
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
    CHECK(refusal({"serve", "a=b", "--engine", "epoll", "--concurrency", word}).message() ==
          "--engine: it applies to --concurrency loops only");
  }
  CHECK(serve_refusal("--engine", "select").starts_with("--engine: "));
  CHECK(serve_refusal("--concurrency", "fibers").starts_with("--concurrency: "));
}

TEST_CASE("a count is a number from 1 up") {
  for (const std::string value :
       {"0", "-1", "+1", "", " 1", "1 ", "1k", "0x1", "1.5", "18446744073709551616", "many"}) {
    CHECK(serve_refusal("--max-connections", value) ==
          "--max-connections: '" + value + "' is not a count");
  }
}

TEST_CASE("a limit of time that has passed before it begins is refused") {
  CHECK(serve_refusal("--idle-timeout", "0s") == "--idle-timeout: 0 would end every call at once");
  CHECK(refusal({"call", "e", "--timeout", "0ms"}).message() ==
        "--timeout: 0 would end every call at once");
  CHECK(call({"--timeout", "1ms"}).timeout == 1ms);
}

TEST_CASE("what is not a duration is refused with the name of its option") {
  for (const std::string option : {"--idle-timeout", "--drain-timeout"}) {
    CHECK(serve_refusal(option, "5") == option + ": '5' is not a duration: it has no unit");
  }
  for (const std::string option : {"--linger", "--timeout"}) {
    const Error error = refusal({"call", "e", option, "5"});
    CHECK(error.message() == option + ": '5' is not a duration: it has no unit");
    CHECK(error.hint() == "write 500ms, 60s, 2m or 1h; none is without limit");
  }
}

TEST_CASE("a call has an endpoint and messages") {
  const CallOptions options = call({"hello", "two words", "--", "--linger"});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.messages == Words{"hello", "two words", "--linger"});
  CHECK(options.linger == 1s);
  CHECK(options.timeout == 30s);
  CHECK(call({}).messages.empty());
  CHECK(refusal({"call"}).message() == "nobody to call");
}

TEST_CASE("a call's times are understood: not to linger is no mistake") {
  const CallOptions options = call({"--linger", "0s", "--timeout=none"});
  CHECK(options.linger == 0s);
  CHECK(options.timeout == kNoTimeout);
}

}  // namespace hotline::cli::options_test
