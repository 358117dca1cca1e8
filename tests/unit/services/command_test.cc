#include "hotline/services/command.h"

#include <doctest/doctest.h>

#include "support/scripted_launcher.h"

namespace hotline::command_test {
namespace {

using namespace std::chrono_literals;

Result<CommandOptions> options_of(const std::string& query, CommandOptions defaults = {}) {
  const auto endpoint = Endpoint::parse("unix:@x?" + query);
  REQUIRE(endpoint);
  OptionTaker taker(*endpoint);
  auto options = CommandOptions::take_from(taker, defaults);
  if (options) CHECK(taker.finish());
  return options;
}

test::Script nothing(const std::string&) { return {}; }

}  // namespace

TEST_CASE("a wire is known by its name") {
  REQUIRE(command_wire_names().size() == 4);
  for (const CommandWire wire :
       {CommandWire::hotline, CommandWire::plain, CommandWire::ready, CommandWire::i32}) {
    CHECK(parse_command_wire(name_of(wire)).value() == wire);
    CHECK(command_wire_names()[static_cast<std::size_t>(wire)].name == name_of(wire));
  }
  const auto wire = parse_command_wire("i64\n");
  REQUIRE_FALSE(wire);
  CHECK(wire.error().kind == ErrorKind::invalid_argument);
  CHECK(wire.error().message() == "there is no wire 'i64\\n'");
  CHECK(wire.error().hint() == "the wires are hotline, plain, ready and i32");
}

TEST_CASE("the options of an endpoint change the service, and leave other settings") {
  const CommandOptions all = options_of("wire=ready&max=1KiB&timeout=30s&cwd=/tmp").value();
  CHECK(all.wire == CommandWire::ready);
  CHECK(all.reply_max == 1024);
  CHECK(all.timeout == 30s);
  CHECK(all.directory == "/tmp");
  const CommandOptions own = options_of("max=1KiB&timeout=30s&cwd=/tmp&commands=7").value();
  CHECK(own.wire == CommandWire::hotline);
  CHECK(own.output_max == 1024);
  CHECK(own.commands_max == 7);
  CHECK(own.timeout == 30s);
  CHECK(own.directory == "/tmp");
  CHECK_FALSE(own.commands_per_caller_max);
  const CommandOptions shared =
      options_of("commands=9&commands-per-caller=9&jobs=5&jobs-per-caller=2").value();
  CHECK(shared.commands_per_caller_max == 9);
  CHECK(shared.jobs_max == 5);
  CHECK(shared.jobs_per_caller_max == 2);
  CHECK(options_of("jobs=0").value().jobs_max == 0);
  const CommandOptions kept =
      options_of("wire=i32", {.wire = CommandWire::i32, .timeout = 1s, .reply_max = 5}).value();
  CHECK(kept.wire == CommandWire::i32);
  CHECK(kept.reply_max == 5);
  CHECK(kept.timeout == 1s);
}

TEST_CASE("the variables that callers may set are a list of names and beginnings of names") {
  CHECK(CommandOptions().variables == std::vector<std::string>{"*"});
  CHECK(options_of("env=LC_*,TZ").value().variables == std::vector<std::string>{"LC_*", "TZ"});
  CHECK(options_of("env=none").value().variables.empty());
  CHECK(options_of("env=*").value().variables == std::vector<std::string>{"*"});
}

TEST_CASE("the wires of the course lack the options of the wire hotline") {
  for (const char* query : {"wire=plain&env=TZ", "wire=i32&commands=5", "wire=ready&jobs=5"}) {
    const auto endpoint = Endpoint::parse(std::string("unix:@x?") + query);
    OptionTaker taker(*endpoint);
    CHECK(CommandOptions::take_from(taker, {}));
    CHECK_FALSE(taker.finish());
  }
}

TEST_CASE("an option without a meaning is refused") {
  for (const char* query : {"wire=",
                            "wire=Plain",
                            "max=0",
                            "wire=i32&max=3GiB",
                            "commands=0",
                            "commands=70000",
                            "env=",
                            "env=A,,B",
                            "env=A=B",
                            "env=A-B",
                            "max=x",
                            "timeout=30",
                            "commands=4&commands-per-caller=5",
                            "commands-per-caller=0",
                            "jobs=-1",
                            "jobs=70000",
                            "jobs-per-caller=65",
                            "timeout=0s",
                            "wire=i32&wire=i32",
                            "cwd=",
                            "cwd=work"}) {
    CAPTURE(query);
    const auto options = options_of(query);
    REQUIRE_FALSE(options);
    CHECK(options.error().kind == ErrorKind::invalid_argument);
  }
}

TEST_CASE("the service is for this machine, unless it is exposed") {
  test::ScriptedLauncher launcher(nothing);
  CHECK(command_handler(launcher).is_only_local());
  CHECK(command_handler(launcher).stream());
  CHECK_FALSE(command_handler(launcher, {.is_exposed = true}).is_only_local());
}

TEST_CASE("processes that are forked for calls keep the descriptors that launching needs") {
  class Kept final : public Launcher {
    Result<std::unique_ptr<Process>> launch(const LaunchOptions&) override {
      return fail(make_error(ErrorKind::unsupported, "run", {}, {}));
    }
    int descriptor() const override { return 7; }
  } launcher;
  const Handler handler = command_handler(launcher);
  REQUIRE(handler.kept_descriptors().size() == 1);
  CHECK(handler.kept_descriptors().front() == 7);
}

TEST_CASE("the maker takes the endpoint's options") {
  test::ScriptedLauncher launcher(nothing);
  const HandlerMaker make = command_maker(launcher, {.is_exposed = true});
  const auto endpoint = Endpoint::parse("unix:@x?wire=i32&max=10");
  OptionTaker taker(*endpoint);
  const auto handler = make(taker);
  REQUIRE(handler);
  CHECK(handler->stream());
  CHECK_FALSE(handler->is_only_local());
  CHECK(taker.finish());
  const auto wrong = Endpoint::parse("unix:@x?wire=i31");
  OptionTaker wrong_taker(*wrong);
  CHECK_FALSE(make(wrong_taker));
}

TEST_CASE("an endpoint whose commands cannot start is refused with the reason") {
  class Homeless final : public Launcher {
    Result<std::unique_ptr<Process>> launch(const LaunchOptions& options) override {
      return fail(make_error(ErrorKind::not_found, "start a program in", options.directory, {},
                             "is it there?"));
    }
  } launcher;
  const auto made_at = [&](const char* uri) {
    const auto endpoint = Endpoint::parse(uri);
    OptionTaker taker(*endpoint);
    return command_maker(launcher)(taker);
  };
  const auto refused = made_at("unix:@x?cwd=/gone");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid_argument);
  CHECK(refused.error().message() ==
        "cannot use the endpoint unix:@x: cannot start a program in /gone: not found");
  CHECK(refused.error().hint() == "is it there?");
  CHECK(made_at("unix:@x"));
}

}  // namespace hotline::command_test
