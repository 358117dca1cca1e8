#include "engine/launcher/launched_process.h"

#include <signal.h>
#include <unistd.h>

#include <array>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "support/launched.h"

namespace hotline::engine::launched_process_test {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Process> start(const LaunchOptions& options) {
  auto process = test::launcher().launch(options);
  REQUIRE(process);
  return std::move(*process);
}

std::string read_all(Process& process, OutputStream which) {
  std::string text;
  std::array<std::byte, 64> piece;
  for (;;) {
    const auto size = process.read_some(which, piece);
    REQUIRE(size);
    if (*size == 0) return text;
    text += as_text(std::span(piece).first(*size));
  }
}

}  // namespace

TEST_CASE("output is read until no process can write any more, each output separately") {
  test::on_each_engine([] {
    const auto process = start(test::shell("echo out; echo err >&2; exit 3"));
    CHECK(read_all(*process, OutputStream::standard_output) == "out\n");
    CHECK(read_all(*process, OutputStream::standard_error) == "err\n");
    const auto end = process->wait();
    REQUIRE(end);
    CHECK(end->exit_status == 3);
    CHECK(end->signal == 0);
  });
}

TEST_CASE("a second wait returns the same end") {
  const auto process = start(test::shell("kill -TERM $$"));
  for (int i = 0; i < 3; ++i) {
    const auto end = process->wait();
    REQUIRE(end);
    CHECK(end->exit_status == -1);
    CHECK(end->signal == SIGTERM);
  }
}

TEST_CASE("waits for a program end at their deadline, and can be repeated") {
  test::on_each_engine([] {
    const auto process = start(test::shell("sleep 1000"));
    {
      const DeadlineScope scope(deadline_after(milliseconds(1)));
      std::array<std::byte, 1> byte;
      CHECK(test::kind_of(process->wait()) == "timed_out");
      CHECK(test::kind_of(process->read_some(OutputStream::standard_error, byte)) == "timed_out");
    }
    process->kill();
    const auto end = process->wait();
    REQUIRE(end);
    CHECK(end->signal == SIGKILL);
  });
}

TEST_CASE("waits for a program are cancelled") {
  test::on_each_engine([] {
    const auto process = start(test::shell("sleep 1000"));
    std::string waited;
    TaskGroup group;
    REQUIRE(group.spawn("waiter", [&] { waited = test::kind_of(process->wait()); }));
    REQUIRE(group.spawn("canceller", [&] { group.cancel(); }));
    REQUIRE(group.join());
    CHECK(waited == "cancelled");
  });
}

TEST_CASE("killing is idempotent, kills the whole tree, and leaves what was written to be read") {
  test::on_each_engine([] {
    test::Witness witness;
    const auto process = start(
        test::shell("exec 3>$1; (setsid sleep 1000 &) ; echo written; echo up >&3; wait; sleep 99",
                    {witness.path()}));
    CHECK(witness.wait_for_line() == "up");
    for (int i = 0; i < 3; ++i) process->kill();
    CHECK(witness.wait_for_end().empty());
    CHECK(read_all(*process, OutputStream::standard_output) == "written\n");
    CHECK(process->wait()->signal == SIGKILL);
    process->kill();
    CHECK(process->finish());
  });
}

TEST_CASE("killing a process that has ended changes nothing") {
  const auto process = start(test::shell("exit 3"));
  REQUIRE(process->wait());
  process->kill();
  CHECK(process->wait()->exit_status == 3);
}

TEST_CASE("a process whose keeper is killed fails with reset, and its tree ends") {
  test::on_each_engine([] {
    test::Witness witness;
    const auto process =
        start(test::shell("exec 3>$1; (setsid sleep 1000 &); setsid sh -c 'sleep 1000 & wait' & "
                          "echo $PPID >&3; wait",
                          {witness.path()}));
    ::kill(std::stoi(witness.wait_for_line()), SIGKILL);
    CHECK(test::kind_of(process->wait()) == "reset");
    CHECK(witness.wait_for_end().empty());
    CHECK(read_all(*process, OutputStream::standard_output).empty());
  });
}

TEST_CASE("a program that kills its parent is killed too, with all that it started") {
  test::Witness witness;
  const auto process = test::launcher().launch(test::shell(
      "exec 3>$1; (setsid sleep 1000 &); kill -KILL $PPID; sleep 1000", {witness.path()}));
  // It may end before its start is reported.
  CHECK(test::kind_of(process ? (*process)->wait() : fail(process.error())) == "reset");
  CHECK(witness.wait_for_end().empty());
}

TEST_CASE("destroying a process kills its whole tree: double forks and sessions") {
  test::on_each_engine([] {
    test::Witness witness;
    {
      const auto process =
          start(test::shell("exec 3>$1; (setsid sh -c '(setsid sleep 1000 &) ; sleep 1000' &); "
                            "sh -c 'trap \"\" TERM HUP INT; sleep 1000' & echo up >&3; exit 0",
                            {witness.path()}));
      CHECK(witness.wait_for_line() == "up");
      CHECK(process->wait()->exit_status == 0);
    }
    CHECK(witness.wait_for_end().empty());
  });
}

TEST_CASE("a background child that holds the pipe does not delay the report of the end") {
  test::on_each_engine([] {
    const auto process = start(test::shell("setsid sleep 1000 & exit 3"));
    CHECK(process->wait()->exit_status == 3);
    std::array<std::byte, 1> byte;
    const DeadlineScope scope(deadline_after(milliseconds(1)));
    CHECK(test::kind_of(process->read_some(OutputStream::standard_output, byte)) == "timed_out");
  });
}

TEST_CASE("broken-pipe: a program whose reader has gone is killed by its next write") {
  test::Witness witness;
  {
    const auto process =
        start(test::shell("exec 3>$1; trap '' TERM; while echo y; do :; done", {witness.path()}));
    std::array<std::byte, 16> piece;
    REQUIRE(process->read_some(OutputStream::standard_output, piece));
  }
  CHECK(witness.wait_for_end().empty());
}

TEST_CASE("what an undisturbed program leaves is killed in the end") {
  test::on_each_engine([] {
    test::Witness witness;
    const auto process =
        start(test::shell("exec 3>$1; setsid sleep 1000 & echo up >&3; exit 3", {witness.path()}));
    CHECK(witness.wait_for_line() == "up");
    CHECK(process->wait()->exit_status == 3);
    for (int i = 0; i < 3; ++i) CHECK(process->finish());
    CHECK(witness.wait_for_end().empty());
  });
}

TEST_CASE("a program that left nothing needs no report for its end to count") {
  test::on_each_engine([] {
    const auto process = start(test::shell("echo $PPID"));
    const pid_t keeper = std::stoi(read_all(*process, OutputStream::standard_output));
    REQUIRE(process->wait());
    ::kill(keeper, SIGKILL);
    CHECK(process->finish());
  });
}

TEST_CASE("the end of a tree whose keeper was killed after the program's end does not count") {
  test::on_each_engine([] {
    test::Witness witness;
    const auto process =
        start(test::shell("exec 3>$1; setsid sleep 1000 & echo $PPID >&3", {witness.path()}));
    REQUIRE(process->wait());
    ::kill(std::stoi(witness.wait_for_line()), SIGKILL);
    CHECK(witness.wait_for_end().empty());
    CHECK(test::kind_of(process->finish()) == "reset");
  });
}

}  // namespace hotline::engine::launched_process_test
