#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "engine/launcher/launched_process.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/process.h"
#include "support/launched.h"

namespace hotline::engine::launched_process_signal_test {
namespace {

using test::kind_of;
using test::read_all;
using test::read_line;
using test::start;

/// Returns a process, and the keeper's end of its socket.
std::pair<std::unique_ptr<Process>, UniqueFd> process_without_program() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {std::make_unique<LaunchedProcess>(
              LaunchDescriptors{.output = {}, .error = {}, .status = UniqueFd(ends[0])}),
          UniqueFd(ends[1])};
}

/// Returns true if a signal has stopped the process.
bool is_stopped(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(status, text);
  // The name before it, in parentheses, may have spaces (proc_pid_stat(5)).
  return text.find(") T ") != std::string::npos;
}

}  // namespace

TEST_CASE("a program gets the signals that are sent to it, in order") {
  test::on_each_engine([] {
    const auto process = start(test::shell(
        "trap 'echo usr1' USR1; trap 'echo winch' WINCH; trap 'echo term; exit 3' TERM; echo up; "
        "while :; do sleep 0.01; done"));
    CHECK(read_line(*process) == "up");
    CHECK(process->send_signal(SIGUSR1));
    CHECK(read_line(*process) == "usr1");
    CHECK(process->send_signal(SIGWINCH));
    CHECK(read_line(*process) == "winch");
    CHECK(process->terminate());
    CHECK(read_all(*process) == "term\n");
    CHECK(process->wait()->exit_status == 3);
  });
}

TEST_CASE("a program ends by the signal that it does not handle, the largest number too") {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGKILL, SIGRTMAX}) {
    const auto process = start({.arguments = {"sleep", "1000"}});
    CHECK(process->send_signal(signal));
    CHECK(process->wait()->signal == signal);
  }
}

TEST_CASE("a program is stopped and continued") {
  const auto process = start(test::shell("echo $$; exec sleep 1000"));
  const pid_t program = std::stoi(read_line(*process));
  CHECK(process->send_signal(SIGSTOP));
  // The kernel gives the smaller number first to a program that has not seen either.
  while (!is_stopped(program)) REQUIRE(sleep_for(std::chrono::milliseconds(1)));
  CHECK(process->send_signal(SIGTERM));
  CHECK(process->send_signal(SIGCONT));
  CHECK(process->wait()->signal == SIGTERM);
}

TEST_CASE("a signal goes to the process group: to children, but not to another session") {
  test::on_each_engine([] {
    test::Witness in_group;
    test::Witness elsewhere;
    const auto process =
        start(test::shell("sh -c 'echo up >&3; exec sleep 1000' 3>$1 & "
                          "setsid sh -c 'echo up >&3; exec sleep 1000' 3>$2 & "
                          "trap '' TERM; echo up; wait; wait; exit 3",
                          {in_group.path(), elsewhere.path()}));
    CHECK(read_line(*process) == "up");
    CHECK(in_group.wait_for_line() == "up");
    CHECK(elsewhere.wait_for_line() == "up");
    CHECK(process->terminate());
    CHECK(in_group.wait_for_end().empty());
    CHECK_FALSE(elsewhere.has_ended());
    process->kill();
    CHECK(elsewhere.wait_for_end().empty());
    CHECK(process->wait()->signal == SIGKILL);
  });
}

TEST_CASE("a number that is not a signal is refused, and the program goes on") {
  const auto process = start(test::shell("read line; exit 3"));
  for (const int signal : {-1, 0, SIGRTMAX + 1, 1000}) {
    CHECK(kind_of(process->send_signal(signal)) == "invalid_argument");
  }
  CHECK(process->wait());
}

TEST_CASE("a signal for a program that has ended fails, also before its end was waited for") {
  test::on_each_engine([] {
    const auto process = start(test::shell("exit 3"));
    CHECK(process->wait());
    CHECK(kind_of(process->send_signal(SIGTERM)) == "closed");

    const auto unseen = start(test::shell("exit 3"));
    Result<void> sent;
    while ((sent = unseen->send_signal(SIGWINCH))) REQUIRE(sleep_for(std::chrono::milliseconds(1)));
    CHECK(kind_of(sent) == "closed");
    CHECK(unseen->wait()->exit_status == 3);
  });
}

TEST_CASE("an end is returned although a signal was on its way to the keeper when that ended") {
  test::on_each_engine([] {
    for (const bool has_report : {false, true}) {
      for (const bool sends_another : {false, true}) {
        CAPTURE(has_report);
        CAPTURE(sends_another);
        auto [process, keeper] = process_without_program();
        REQUIRE(process->send_signal(SIGTERM));
        if (has_report) send_status(keeper.get(), {StatusKind::ended, 3, 0});
        keeper.reset();
        if (sends_another) {
          CHECK(kind_of(process->send_signal(SIGTERM)) == (has_report ? "closed" : "reset"));
        }
        const auto end = process->wait();
        CHECK(kind_of(end) == (has_report ? "" : "reset"));
        if (end) CHECK(end->exit_status == 3);
      }
    }
  });
}

TEST_CASE("a signal for a program that has ended does not reach what it left in its group") {
  test::Witness witness;
  const auto process =
      start(test::shell("sh -c 'echo up >&3; exec sleep 1000' 3>$1 & exit 3", {witness.path()}));
  CHECK(witness.wait_for_line() == "up");
  CHECK(process->wait()->exit_status == 3);
  CHECK(kind_of(process->terminate()) == "closed");
  CHECK_FALSE(witness.has_ended());
  CHECK(process->finish());
  CHECK(witness.wait_for_end().empty());
}

TEST_CASE("a signal after a kill fails") {
  const auto process = start({.arguments = {"sleep", "1000"}});
  process->kill();
  CHECK(kind_of(process->send_signal(SIGTERM)) == "closed");
  CHECK(process->wait()->signal == SIGKILL);
}

TEST_CASE("a signal through a keeper that has died fails with reset") {
  const auto process = start(test::shell("echo $PPID; exec sleep 1000"));
  ::kill(std::stoi(read_line(*process)), SIGKILL);
  CHECK(kind_of(process->wait()) == "reset");
  CHECK(kind_of(process->send_signal(SIGTERM)) == "reset");
}

TEST_CASE("signals beyond what a stopped keeper takes fail with resource_exhausted") {
  const auto process = start(test::shell("echo $PPID; exec sleep 1000"));
  const pid_t keeper = std::stoi(read_line(*process));
  ::kill(keeper, SIGSTOP);
  std::string failure;
  for (int i = 0; i < 100'000 && failure.empty(); ++i) {
    failure = kind_of(process->send_signal(SIGCONT));
  }
  CHECK(failure == "resource_exhausted");
  ::kill(keeper, SIGCONT);
  process->kill();
  CHECK(process->wait()->signal == SIGKILL);
}

}  // namespace hotline::engine::launched_process_signal_test
