#include "services/command_session.h"

#include <sys/socket.h>

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/interrupts.h"
#include "support/running_server.h"
#include "support/scripted_launcher.h"
#include "support/sockets.h"

namespace hotline::command_session_test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::saying;
using test::Script;

const std::string kDone = "操作成功";
constexpr std::string_view kFailed = "the handler failed; its call ends";

Script script_of(const std::string& line) {
  if (line == "both") return saying("out", "err");
  if (line == "quiet") return {};
  if (line == "last") return {.lasts = true};
  if (line == "much") return saying(std::string(200'000, 'x'));
  if (line == "absent") return {.refusal = make_error(ErrorKind::not_found, "run", {}, {})};
  if (line == "killed") return {.end = {.exit_status = -1, .signal = 9}};
  if (line == "killed late") {
    return {.steps = {{.bytes = "out"}}, .end = {.exit_status = -1, .signal = 9}};
  }
  if (line == "lost") return {.loss = make_error(ErrorKind::reset, "run", {}, {})};
  return saying(line + "!");
}

const CommandOptions kPlain{.wire = CommandWire::plain};

/// A server of scripts.
struct Commands {
  explicit Commands(std::string_view word, CommandOptions options = kPlain,
                    const std::string& query = {})
      : launcher(script_of),
        server(with_log(word), "tcp://127.0.0.1:0" + query, command_handler(launcher, options)) {}

  ServerOptions with_log(std::string_view word) {
    ServerOptions options = test::options_for(word);
    options.log = &log;
    return options;
  }
  UniqueFd call() const { return test::connect_tcp(server.port()); }

  test::CollectingLog log;
  test::ScriptedLauncher launcher;
  test::RunningServer server;
};

constexpr std::string_view kWords[] = {"loops:1", "threads:2", "serial"};

std::string ask(int call, std::string_view line, std::size_t size) {
  test::send_text(call, line);
  return test::receive_text(call, size);
}

void break_off(UniqueFd call) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(call.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

}  // namespace

TEST_CASE("plain: the reply is the bytes and nothing else, for any number of commands") {
  for (const std::string_view word : kWords) {
    const Commands commands(word);
    const UniqueFd call = commands.call();
    CHECK(ask(call.get(), "one", 4) == "one!");
    CHECK(ask(call.get(), "both", 3) == "err");
    CHECK(ask(call.get(), "quiet", kDone.size()) == kDone);
    ::shutdown(call.get(), SHUT_WR);
    CHECK(test::receive_until_end(call.get()).empty());
  }
}

TEST_CASE("i32: the length precedes the reply") {
  for (const std::string_view word : kWords) {
    const Commands commands(word, {.wire = CommandWire::i32});
    const UniqueFd call = commands.call();
    CHECK(ask(call.get(), "one", 8) == "\4\0\0\0one!"s);
    CHECK(ask(call.get(), "quiet", 4 + kDone.size()) == "\x0c\0\0\0"s + kDone);
    CHECK(ask(call.get(), "much", 4) == "\x40\x0d\3\0"s);
    CHECK(test::receive_text(call.get(), 200'000) == std::string(200'000, 'x'));
  }
}

TEST_CASE("ready: the reply waits for the caller's ready, which may come in pieces") {
  for (const std::string_view word : kWords) {
    const Commands commands(word, {.wire = CommandWire::ready});
    const UniqueFd call = commands.call();
    CHECK(ask(call.get(), "one", 1) == "4");
    for (const char* piece : {"r", "ea", "d"}) test::send_text(call.get(), piece);
    CHECK(ask(call.get(), "y", 4) == "one!");
    CHECK(ask(call.get(), "much", 6) == "200000");
    CHECK(ask(call.get(), "ready", 200'000) == std::string(200'000, 'x'));
  }
}

TEST_CASE("ready: bytes after the ready are the next command") {
  const Commands commands("loops:1", {.wire = CommandWire::ready});
  const UniqueFd call = commands.call();
  CHECK(ask(call.get(), "one", 1) == "4");
  CHECK(ask(call.get(), "readytwo", 5) == "one!4");
  CHECK(ask(call.get(), "ready", 4) == "two!");
}

TEST_CASE("ready: anything else instead of the ready ends the call") {
  for (const std::string_view word : kWords) {
    const Commands commands(word, {.wire = CommandWire::ready});
    for (const char* wrong : {"two", "rude", "\n"}) {
      const UniqueFd call = commands.call();
      CHECK(ask(call.get(), "one", 1) == "4");
      test::send_text(call.get(), wrong);
      CHECK(test::receive_until_end(call.get()).empty());
    }
  }
}

TEST_CASE("what a caller sends ahead is kept, and answered in order") {
  for (const std::string_view word : kWords) {
    Commands commands(word);
    const UniqueFd call = commands.call();
    test::send_text(call.get(), "last");
    commands.launcher.wait_launched(1);
    test::send_text(call.get(), "one");
    commands.launcher.release();
    CHECK(test::receive_text(call.get(), kDone.size() + 4) == kDone + "one!");
  }
}

TEST_CASE("each receive is one command: a request cut in two is two") {
  const Commands commands("loops:1");
  const UniqueFd call = commands.call();
  CHECK(ask(call.get(), "ec", 3) == "ec!");
  CHECK(ask(call.get(), "ho", 3) == "ho!");
}

TEST_CASE("a caller that breaks off ends its command at once") {
  for (const std::string_view word : kWords) {
    const Commands commands(word, {.wire = CommandWire::plain, .grace = 1h});
    UniqueFd call = commands.call();
    test::send_text(call.get(), "last");
    commands.launcher.wait_launched(1);
    break_off(std::move(call));
    commands.launcher.wait_gone(1);
    CHECK_FALSE(commands.log.has(kFailed));
  }
}

TEST_CASE("a caller that closes gives its command a moment, and then ends it") {
  for (const std::string_view word : kWords) {
    const Commands commands(word, {.wire = CommandWire::plain, .grace = 5ms});
    const UniqueFd call = commands.call();
    test::send_text(call.get(), "last");
    commands.launcher.wait_launched(1);
    ::shutdown(call.get(), SHUT_WR);
    commands.launcher.wait_gone(1);
    CHECK(test::receive_until_end(call.get()).empty());
    CHECK_FALSE(commands.log.has(kFailed));
  }
}

TEST_CASE("a caller that half-closes gets its reply") {
  for (const std::string_view word : kWords) {
    Commands commands(word, {.wire = CommandWire::plain, .grace = 1h});
    const UniqueFd call = commands.call();
    test::send_text(call.get(), "last");
    commands.launcher.wait_launched(1);
    test::send_text(call.get(), "one");
    ::shutdown(call.get(), SHUT_WR);
    commands.launcher.release();
    CHECK(test::receive_until_end(call.get()) == kDone + "one!");
  }
}

TEST_CASE("a command without a true reply breaks the call off, and is logged") {
  for (const std::string_view word : kWords) {
    for (const std::string& line : {"much"s, "absent"s, "lost"s, "killed"s, "last"s}) {
      CAPTURE(word);
      CAPTURE(line);
      CommandOptions options{.wire = CommandWire::plain, .reply_max = 1000};
      if (line == "last") options.timeout = 10ms;
      const Commands commands(word, options);
      const UniqueFd call = commands.call();
      test::send_text(call.get(), line);
      char byte = 0;
      CHECK(test::through_interrupts([&] { return ::recv(call.get(), &byte, 1, 0); }) == -1);
      CHECK(commands.log.has(kFailed));
      commands.launcher.wait_gone(commands.launcher.launched());
    }
  }
}

TEST_CASE("a command that a signal ended is answered with what it had written") {
  const Commands commands("loops:1");
  const UniqueFd call = commands.call();
  CHECK(ask(call.get(), "killed late", 3) == "out");
}

TEST_CASE("another protocol breaks the call off, and nothing of it is run") {
  for (const std::string_view word : kWords) {
    for (const CommandWire wire : {CommandWire::plain, CommandWire::ready, CommandWire::i32}) {
      for (const std::string& said :
           {"FOO /;x HTTP/1.1\r\n\r\n"s, "Host: x\r\n"s, "\x16\3\1\2\0\1"s, "SSH-2.0-x\r\n"s,
            "a\0b"s, "FOO /" + std::string(5000, 'x')}) {
        CAPTURE(said);
        const Commands commands(word, {.wire = wire});
        const UniqueFd call = commands.call();
        test::send_text(call.get(), said);
        char byte = 0;
        CHECK(test::through_interrupts([&] { return ::recv(call.get(), &byte, 1, 0); }) == -1);
        CHECK_FALSE(commands.log.has(kFailed));
        CHECK(commands.launcher.launched() == 0);
      }
    }
  }
}

TEST_CASE("a first line that comes in pieces is checked before any of it is run") {
  for (const std::string_view word : kWords) {
    const Commands commands(word, kPlain, "?receive=3");
    const UniqueFd call = commands.call();
    test::send_text(call.get(), "FOO /;x HTTP/1.1\r\nHost: x\r\n\r\nx\n");
    char byte = 0;
    CHECK(test::through_interrupts([&] { return ::recv(call.get(), &byte, 1, 0); }) == -1);
    CHECK(commands.launcher.launched() == 0);
  }
}

TEST_CASE("the rest of a first line that comes while its beginning runs ends both") {
  for (const std::string_view word : kWords) {
    const Commands commands(word, {.wire = CommandWire::plain, .grace = 1h});
    const UniqueFd call = commands.call();
    test::send_text(call.get(), "last");
    commands.launcher.wait_launched(1);
    test::send_text(call.get(), " / HTTP/1.1\r\n");
    char byte = 0;
    CHECK(test::through_interrupts([&] { return ::recv(call.get(), &byte, 1, 0); }) == -1);
    commands.launcher.wait_gone(1);
    CHECK_FALSE(commands.log.has(kFailed));
    CHECK(commands.launcher.launched() == 1);
  }
}

TEST_CASE("a call for one command ends with it") {
  const Commands commands("loops:1", {.wire = CommandWire::plain, .is_once = true});
  const UniqueFd call = commands.call();
  test::send_text(call.get(), "one");
  CHECK(test::receive_until_end(call.get()) == "one!");
}

TEST_CASE(
    "a drain lets a command finish and send its reply, and still detects a caller that goes") {
  for (const std::string_view word : kWords) {
    for (const bool has_patience : {true, false}) {
      Commands commands(word, {.wire = CommandWire::ready});
      UniqueFd call = commands.call();
      test::send_text(call.get(), "last");
      commands.launcher.wait_launched(1);
      commands.server.server().drain();
      if (has_patience) {
        commands.launcher.release();
        CHECK(test::receive_text(call.get(), 2) == std::to_string(kDone.size()));
        CHECK(ask(call.get(), "ready", kDone.size()) == kDone);
        CHECK(test::receive_until_end(call.get()).empty());
      } else {
        break_off(std::move(call));
      }
      commands.launcher.wait_gone(1);
      CHECK(commands.server.wait().cut == 0);
    }
  }
}

TEST_CASE("a server that is cut kills what it runs") {
  for (const std::string_view word : kWords) {
    Commands commands(word);
    const UniqueFd call = commands.call();
    test::send_text(call.get(), "last");
    commands.launcher.wait_launched(1);
    commands.server.server().cut();
    commands.launcher.wait_gone(1);
    CHECK(test::receive_until_end(call.get()).empty());
  }
}

}  // namespace hotline::command_session_test
