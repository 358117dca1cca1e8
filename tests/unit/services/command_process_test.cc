#include "services/command_process.h"

#include <new>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "support/launched.h"

namespace hotline::services::command_process_test {
namespace {

using namespace std::chrono_literals;

/// Collects outputs. After `left` bytes it has no more room, or fails.
class Collected final : public OutputSink {
 public:
  Result<std::size_t> wait_room(OutputStream) override {
    if (left > 0) return left;
    if (fails) return fail(make_error(ErrorKind::reset, "take", {}, "gone"));
    if (auto waited = has_room.wait(); !waited) return fail(std::move(waited.error()));
    // The reader of the other output may wait too.
    has_room.set();
    return left;
  }
  Result<void> put(OutputStream output, Bytes bytes) override {
    text[output == OutputStream::standard_error ? 1 : 0] += as_text(bytes);
    left -= bytes.size();
    return {};
  }

  std::string text[2];
  std::size_t left = 100'000'000;
  bool fails = false;
  Event has_room;
};

CommandProcess started(const std::string& script, OutputSink& sink,
                       const CommandBounds& bounds = {}) {
  return CommandProcess(test::launcher().launch(test::shell(script)).value(), bounds, sink);
}

CommandExit run(const std::string& script, Collected& sink, const CommandBounds& bounds = {}) {
  return started(script, sink, bounds).run();
}

void on_each_loop(const std::function<void(Collected&)>& body) {
  test::on_each_loop([&](engine::EventLoop&) {
    Collected sink;
    body(sink);
  });
}

TEST_CASE("a command runs to its end, with its outputs, times and usage") {
  on_each_loop([](Collected& sink) {
    const CommandExit exit = run("echo out; echo err >&2; exit 3", sink);
    CHECK(exit.kind == ExitKind::code);
    CHECK(exit.value == 3);
    CHECK(sink.text[0] == "out\n");
    CHECK(sink.text[1] == "err\n");
    CHECK(exit.usage);
    REQUIRE(exit.started);
    REQUIRE(exit.ended);
    CHECK(*exit.started <= *exit.ended);
    CHECK(exit.duration.value() > 0ns);
  });
}

TEST_CASE("the digest is that of what the sink has got") {
  on_each_loop([](Collected& sink) {
    CommandProcess command = started("printf abc", sink);
    CHECK(command.run().is_success());
    OutputDigest expected;
    expected.add(as_bytes("abc"));
    CHECK(command.digest(OutputStream::standard_output).value() == expected.value());
    CHECK(command.digest(OutputStream::standard_error).size() == 0);
  });
}

TEST_CASE("a signal is reported by its number and name") {
  on_each_loop([](Collected& sink) {
    const CommandExit exit = run("kill -HUP $$", sink);
    CHECK(exit.kind == ExitKind::signal);
    CHECK(exit.value == 1);
    CHECK(exit.text == "HUP");
  });
}

TEST_CASE("a command waits while its sink has no room, however long") {
  on_each_loop([](Collected& sink) {
    sink.left = 10;
    TaskGroup both;
    CommandExit exit;
    REQUIRE(both.spawn("run", [&] {
      exit = run("head -c 100000 /dev/zero; exit 2", sink, {.quiet = 20ms, .drain = 40ms});
    }));
    REQUIRE(both.spawn("room", [&] {
      REQUIRE(sleep_for(100ms));
      CHECK(sink.text[0].size() == 10);
      sink.left = 1'000'000;
      sink.has_room.set();
    }));
    REQUIRE(both.join());
    CHECK(sink.text[0].size() == 100'000);
    CHECK(exit.value == 2);
    CHECK_FALSE(exit.is_held);
  });
}

TEST_CASE("a command whose sink fails is killed, and its end is not known") {
  on_each_loop([](Collected& sink) {
    sink.left = 10;
    sink.fails = true;
    const CommandExit exit = run("yes", sink);
    CHECK(exit.kind == ExitKind::lost);
    CHECK_FALSE(exit.is_success());
  });
}

/// Has no memory for what it gets.
class Starved final : public OutputSink {
 public:
  Result<std::size_t> wait_room(OutputStream) override { return 10; }
  Result<void> put(OutputStream, Bytes) override { throw std::bad_alloc(); }
};

TEST_CASE("a command for whose output there is no memory is killed, and its end is not known") {
  test::on_each_loop([](engine::EventLoop&) {
    Starved sink;
    const CommandExit exit = started("yes", sink).run();
    CHECK(exit.kind == ExitKind::lost);
    CHECK(exit.text.find("no memory") != std::string::npos);
  });
}

TEST_CASE("a timeout kills it, also while its sink has no room") {
  on_each_loop([](Collected& sink) {
    CHECK(run("sleep 60", sink, {.timeout = 20ms}).kind == ExitKind::timed_out);
    sink.left = 0;
    TaskGroup both;
    REQUIRE(both.spawn("run", [&] {
      CHECK(run("echo x; sleep 60", sink, {.timeout = 20ms}).kind == ExitKind::timed_out);
    }));
    REQUIRE(both.spawn("room", [&] {
      REQUIRE(sleep_for(50ms));
      sink.left = 100;
      sink.has_room.set();
    }));
    REQUIRE(both.join());
  });
}

TEST_CASE("beyond its limit a command is killed, or the rest is dropped and counted") {
  on_each_loop([](Collected& sink) {
    CommandBounds bounds{.output_max = 100};
    CHECK(run("head -c 101 /dev/zero; sleep 60", sink, bounds).kind == ExitKind::output_limit);
    CHECK(sink.text[0].size() == 100);
    sink.text[0].clear();
    bounds.on_excess = OutputExcess::truncate;
    CommandProcess command = started("head -c 130 /dev/zero; exit 4", sink, bounds);
    const CommandExit exit = command.run();
    CHECK(exit.value == 4);
    CHECK(exit.is_truncated);
    CHECK(sink.text[0].size() == 100);
    CHECK(command.dropped(OutputStream::standard_output) == 30);
    // A command that writes just as much is within it.
    CHECK_FALSE(run("head -c 100 /dev/zero", sink, bounds).is_truncated);
  });
}

TEST_CASE("a descendant with an open output is waited for while it writes, and no longer") {
  on_each_loop([](Collected& sink) {
    const CommandBounds bounds{.quiet = 100ms, .drain = 2s};
    const CommandExit late = run("(sleep 0.03; echo late) & exit 0", sink, bounds);
    CHECK(sink.text[0] == "late\n");
    CHECK_FALSE(late.is_held);
    const CommandExit held = run("setsid sleep 60 & exit 0", sink, bounds);
    CHECK(held.is_held);
    CHECK(held.is_success());
    const CommandExit endless = run("setsid sh -c 'while sleep 0.01; do echo x; done' & exit 0",
                                    sink, {.quiet = 100ms, .drain = 150ms});
    CHECK(endless.is_held);
  });
}

TEST_CASE("the timeout is also that of what the command has left running") {
  on_each_loop([](Collected& sink) {
    const CommandExit exit =
        run("(while :; do sleep 0.01; echo x; done) & exit 0", sink, {.timeout = 100ms});
    CHECK(exit.kind == ExitKind::timed_out);
    CHECK_FALSE(exit.is_success());
  });
}

TEST_CASE("the first reason to kill it is the one that counts") {
  on_each_loop([](Collected& sink) {
    CommandProcess command = started("sleep 60", sink);
    command.kill(ExitKind::cancelled);
    command.kill(ExitKind::output_limit);
    CHECK(command.run().kind == ExitKind::cancelled);
  });
}

TEST_CASE("a fiber that is cancelled kills its command") {
  on_each_loop([](Collected& sink) {
    test::Witness witness;
    CommandProcess command = started("exec 9>" + witness.path() + "; echo in >&9; sleep 60", sink);
    TaskGroup group;
    CommandExit exit;
    REQUIRE(group.spawn("run", [&] { exit = command.run(); }));
    REQUIRE(group.spawn("cancel", [&] {
      CHECK(witness.wait_for_line() == "in");
      group.cancel();
    }));
    REQUIRE(group.join());
    CHECK(exit.kind == ExitKind::server_ended);
    CHECK(witness.wait_for_end() == "");
  });
}

}  // namespace
}  // namespace hotline::services::command_process_test
