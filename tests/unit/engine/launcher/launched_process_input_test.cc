#include <signal.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/process.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/launched.h"
#include "support/sockets.h"

namespace hotline::engine::launched_process_input_test {
namespace {

using std::chrono::milliseconds;
using test::kind_of;
using test::read_all;
using test::read_line;
using test::start_with_input;
using test::write_all;

const std::string kMebibyte(1024 * 1024, 'x');

/// Writes until the pipe is full. Returns the number of bytes that it took.
std::size_t fill(Process& process) {
  std::size_t taken = 0;
  for (;;) {
    const DeadlineScope scope(deadline_after(milliseconds(1)));
    const auto size = process.write_some(as_bytes(kMebibyte));
    if (size) {
      taken += *size;
      continue;
    }
    CHECK(kind_of(size) == "timed_out");
    return taken;
  }
}

/// Returns how a write to a full pipe ends when `act` is called while it waits.
std::string waiting_write(Process& process, const std::function<void(TaskGroup&)>& act) {
  fill(process);
  std::string written;
  TaskGroup group;
  REQUIRE(group.spawn("writer", [&] { written = kind_of(process.write_some(as_bytes("x"))); }));
  REQUIRE(group.spawn("actor", [&] {
    yield();
    act(group);
  }));
  REQUIRE(group.join());
  return written;
}

}  // namespace

TEST_CASE("a program reads what is written, and its end after the input is closed") {
  test::on_each_engine([] {
    const auto process = start_with_input("cat; echo after");
    CHECK(write_all(*process, "one\n").empty());
    CHECK(read_line(*process) == "one");
    CHECK(write_all(*process, "two\n").empty());
    for (int i = 0; i < 3; ++i) process->close_input();
    CHECK(read_all(*process) == "two\nafter\n");
    CHECK(process->wait()->exit_status == 0);
  });
}

TEST_CASE("the end of the standard input ends nothing else: outputs, signals, the exit status") {
  test::on_each_engine([] {
    test::Witness witness;
    const auto process = start_with_input(
        "trap 'echo signalled; exit 3' USR1; cat; echo out; echo err >&2; echo up >$1; "
        "while :; do sleep 0.01; done",
        {witness.path()});
    process->close_input();
    CHECK(witness.wait_for_line() == "up");
    CHECK(read_line(*process) == "out");
    CHECK(read_line(*process, OutputStream::standard_error) == "err");
    CHECK(process->send_signal(SIGUSR1));
    CHECK(read_all(*process) == "signalled\n");
    CHECK(process->wait()->exit_status == 3);
  });
}

TEST_CASE("a mebibyte of input comes back unchanged while it is written") {
  test::on_each_engine([] {
    const auto process = start_with_input("cat");
    std::string written;
    std::string text;
    TaskGroup group;
    REQUIRE(group.spawn("writer", [&] {
      written = write_all(*process, kMebibyte);
      process->close_input();
    }));
    REQUIRE(group.spawn("reader", [&] { text = read_all(*process); }));
    REQUIRE(group.join());
    CHECK(written.empty());
    CHECK((text == kMebibyte));
  });
}

TEST_CASE("a program that has an empty input cannot be written to") {
  const auto process = test::start(test::shell("cat; exit 3"));
  CHECK(kind_of(process->write_some(as_bytes("x"))) == "closed");
  process->close_input();
  CHECK(process->wait()->exit_status == 3);
}

TEST_CASE("a write after the input was closed fails") {
  const auto process = start_with_input("cat");
  process->close_input();
  CHECK(kind_of(process->write_some(as_bytes("x"))) == "closed");
}

TEST_CASE("a write fails after the program has closed its input, or has ended, without SIGPIPE") {
  const auto report = test::in_child_process([] {
    ::signal(SIGPIPE, SIG_DFL);
    for (const char* script : {"exec <&-; echo closed; exec sleep 1000", "echo closed"}) {
      auto process =
          test::launcher().launch({.arguments = {"sh", "-c", script}, .input = ProcessInput::pipe});
      test::must(process.has_value(), "not launched");
      test::must(read_line(**process) == "closed", "not said");
      if (std::string(script) == "echo closed")
        test::must((*process)->wait().has_value(), "no end");
      test::must(kind_of((*process)->write_some(as_bytes("x"))) == "closed", "written");
      test::must(kind_of((*process)->write_some(as_bytes("x"))) == "closed", "written later");
    }
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
  CHECK(report.signal == 0);
}

TEST_CASE("a write that waits fails when the program closes its input") {
  test::on_each_engine([] {
    const auto process = start_with_input(
        "trap 'exec <&-; echo closed; exec sleep 1000' USR1; echo up; "
        "while :; do sleep 0.01; done");
    CHECK(read_line(*process) == "up");
    CHECK(waiting_write(*process, [&](TaskGroup&) { CHECK(process->send_signal(SIGUSR1)); }) ==
          "closed");
    CHECK(read_line(*process) == "closed");
  });
}

TEST_CASE("a program that never reads: a write waits, and goes on when the program reads") {
  test::on_each_engine([] {
    const auto process =
        start_with_input("trap 'wc -c; exit 0' USR1; echo up; while :; do sleep 0.01; done");
    CHECK(read_line(*process) == "up");
    const std::size_t taken = fill(*process);
    CHECK(taken > 0);
    CHECK(
        waiting_write(*process, [&](TaskGroup&) { CHECK(process->send_signal(SIGUSR1)); }).empty());
    process->close_input();
    CHECK(read_line(*process) == std::to_string(taken + 1));
  });
}

TEST_CASE("a program that never reads: a write that waits is cancelled") {
  test::on_each_engine([] {
    const auto process = start_with_input("exec sleep 1000");
    CHECK(waiting_write(*process, [](TaskGroup& group) { group.cancel(); }) == "cancelled");
  });
}

TEST_CASE("a program that never reads: a write that waits fails when the program is killed") {
  test::on_each_engine([] {
    const auto process = start_with_input("exec sleep 1000");
    CHECK(waiting_write(*process, [&](TaskGroup&) { process->kill(); }) == "closed");
    CHECK(process->wait()->signal == SIGKILL);
  });
}

TEST_CASE("a write that waits fails when the input is closed") {
  test::on_each_engine([] {
    const auto process = start_with_input("exec sleep 1000");
    CHECK(waiting_write(*process, [&](TaskGroup&) { process->close_input(); }) == "closed");
  });
}

TEST_CASE("a background child in its own session that holds the input can go on reading it") {
  test::on_each_engine([] {
    const auto process = start_with_input("exec 3<&0; setsid cat <&3 & exit 3");
    CHECK(process->wait()->exit_status == 3);
    CHECK(write_all(*process, "late\n").empty());
    CHECK(read_line(*process) == "late");
  });
}

TEST_CASE("a program with an input inherits no other descriptor, and only its own end of it") {
  const auto process = start_with_input("exec ls /proc/self/fd");
  CHECK(read_all(*process) == "0\n1\n2\n3\n");
}

TEST_CASE("the program's end of its input is a blocking one") {
  const auto process = start_with_input("grep flags: /proc/self/fdinfo/0");
  CHECK(read_all(*process) == "flags:\t00\n");
}

TEST_CASE("an exec failure of a program with an input has its kind, and leaves no descriptor") {
  const std::size_t before = test::open_descriptors();
  const auto process =
      test::launcher().launch({.arguments = {"no-such-program"}, .input = ProcessInput::pipe});
  CHECK(kind_of(process) == "not_found");
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("a run to the end has an empty input, also if it was to be a pipe") {
  LaunchOptions options = test::shell("cat; exit 3");
  options.input = ProcessInput::pipe;
  const auto completed = run_to_end(test::launcher(), options);
  REQUIRE(completed);
  CHECK(completed->end.exit_status == 3);
}

}  // namespace hotline::engine::launched_process_input_test
