#include "engine/launcher/launched_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/launched.h"

namespace hotline::engine::launched_process_test {
namespace {

using std::chrono::milliseconds;

using test::read_all;
using test::start;

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

TEST_CASE("a program that has filled its pipe may then write more ahead of its reader") {
  test::on_each_engine([] {
    const auto process = test::start_with_input(
        "head -c 65536 /dev/zero; echo full >&2; read line; head -c 200000 /dev/zero");
    CHECK(test::read_line(*process, OutputStream::standard_error) == "full");
    std::vector<std::byte> piece(128 * 1024);
    CHECK(process->read_some(OutputStream::standard_output, piece).value() == 65'536);
    CHECK(test::write_all(*process, "go on\n") == "");
    // Nothing is read: it waits for ever if the pipe is too small.
    CHECK(process->wait().value().exit_status == 0);
    CHECK(read_all(*process).size() == 200'000);
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
    // It waited for its next request already, and might still take one.
    while (test::is_running(keeper)) ::usleep(1000);
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

TEST_CASE("a process has the process id of its program") {
  const auto process = start(test::shell("echo $$"));
  CHECK(std::to_string(process->pid()) + "\n" == read_all(*process));
}

TEST_CASE("an output that is closed cannot be read, and the other one can") {
  test::on_each_engine([] {
    const auto process = start(test::shell("echo err >&2"));
    process->close_output(OutputStream::standard_output);
    process->close_output(OutputStream::standard_output);
    std::array<std::byte, 1> byte;
    CHECK(test::kind_of(process->read_some(OutputStream::standard_output, byte)) == "closed");
    CHECK(read_all(*process, OutputStream::standard_error) == "err\n");
    CHECK(process->wait()->exit_status == 0);
  });
}

TEST_CASE(
    "broken-pipe: the next write to a closed output gets SIGPIPE, or EPIPE if it is ignored") {
  test::on_each_engine([] {
    const auto killed = start(test::shell("while echo y >&2; do :; done"));
    killed->close_output(OutputStream::standard_error);
    CHECK(killed->wait()->signal == SIGPIPE);
    const auto failed = start(test::shell("trap '' PIPE; while echo y >&2; do :; done; exit 3"));
    killed->close_output(OutputStream::standard_error);
    failed->close_output(OutputStream::standard_error);
    CHECK(failed->wait()->exit_status == 3);
  });
}

TEST_CASE("a read that waits fails when its output is closed") {
  test::on_each_engine([] {
    const auto process = start(test::shell("sleep 1000"));
    std::string read;
    TaskGroup group;
    REQUIRE(group.spawn("reader", [&] {
      std::array<std::byte, 1> byte;
      read = test::kind_of(process->read_some(OutputStream::standard_output, byte));
    }));
    REQUIRE(group.spawn("closer", [&] {
      yield();
      process->close_output(OutputStream::standard_output);
    }));
    REQUIRE(group.join());
    CHECK(read == "closed");
  });
}

TEST_CASE("the usage of a program has its processor time and that of what it waited for") {
  const auto idle = test::run_shell("exit 0").end.usage;
  CHECK(idle.user + idle.system < std::chrono::seconds(1));
  CHECK_FALSE(idle.has_dumped_core);
  const std::string busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
  for (const std::string& script : {busy, "(" + busy + "); exit 0"}) {
    const auto usage = test::run_shell(script).end.usage;
    CHECK(usage.user + usage.system > milliseconds(5));
    CHECK(usage.user + usage.system < std::chrono::minutes(1));
  }
}

TEST_CASE("the usage of a program has the largest resident memory of its processes, in bytes") {
  constexpr std::uint64_t kMebibyte = 1024 * 1024;
  // What the launcher had before it became the program counts too, and sanitizers enlarge that.
  const auto small = test::run_shell("exit 0").end.usage.memory_max_bytes;
  CHECK(small > kMebibyte / 4);
  CHECK(small < 200 * kMebibyte);
  const auto large = test::run_shell("head -c 33554432 /dev/zero | tail -c 33554432 >/dev/null; :")
                         .end.usage.memory_max_bytes;
  CHECK(large > 32 * kMebibyte);
  CHECK(large < 200 * kMebibyte);
}

TEST_CASE("a program that was killed has its usage too") {
  const auto process = start(test::shell("echo up; sleep 1000"));
  CHECK(test::read_line(*process) == "up");
  process->kill();
  const auto end = process->wait();
  REQUIRE(end);
  CHECK(end->signal == SIGKILL);
  CHECK(end->usage.memory_max_bytes > 0);
  CHECK_FALSE(end->usage.has_dumped_core);
}

TEST_CASE("whether a core was dumped is returned, as waitpid has it") {
  const test::TemporaryDirectory directory;
  for (const std::string limit : {"0", "unlimited"}) {
    LaunchOptions options = test::shell("ulimit -c " + limit + " 2>/dev/null; kill -ABRT $$");
    options.directory = directory.path();
    const auto end = start(options)->wait();
    REQUIRE(end);
    CHECK(end->signal == SIGABRT);
    const int status =
        std::system(("cd " + directory.path() + "; " + options.arguments[2]).c_str());
    REQUIRE(WIFSIGNALED(status));
    CHECK(end->usage.has_dumped_core == static_cast<bool>(WCOREDUMP(status)));
  }
}

}  // namespace hotline::engine::launched_process_test
