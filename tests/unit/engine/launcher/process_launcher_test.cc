#include "engine/launcher/process_launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "support/environment_variable.h"
#include "support/launched.h"

namespace hotline::engine::process_launcher_test {
namespace {

std::string output_of(const LaunchOptions& options) {
  auto completed = run_to_end(test::launcher(), options);
  REQUIRE_MESSAGE(completed, (completed ? "" : completed.error().message()));
  CHECK(completed->error.empty());
  return completed->output;
}

Error failure_of(const LaunchOptions& options) {
  const auto process = test::launcher().launch(options);
  REQUIRE_FALSE(process);
  return process.error();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("exit-status: every exit status of a program is returned") {
  for (const int status : {0, 1, 2, 44, 127, 128, 255}) {
    CHECK(test::run_shell("exit " + std::to_string(status)).end.exit_status == status);
  }
}

TEST_CASE("exit-status-signal: the signal that ended a program is returned") {
  for (const int signal : {SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGPIPE}) {
    const auto end = test::run_shell("kill -" + std::to_string(signal) + " $$").end;
    CHECK(end.exit_status == -1);
    CHECK(end.signal == signal);
  }
}

TEST_CASE("a program has default signals, an empty mask and an empty standard input") {
  const auto lines = lines_of(output_of({.arguments = {"cat", "/proc/self/status"}}));
  for (const std::string name : {"SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"}) {
    CHECK(std::ranges::count(lines, name + ":\t0000000000000000") == 1);
  }
  CHECK(output_of({.arguments = {"cat"}}).empty());
}

TEST_CASE("a program inherits no descriptors") {
  const UniqueFd open(::open("/dev/null", O_RDONLY));
  // The fourth is the directory that is being listed.
  CHECK(output_of({.arguments = {"ls", "/proc/self/fd"}}) == "0\n1\n2\n3\n");
}

TEST_CASE("the environment is clean, and additions come first") {
  const test::EnvironmentVariable later("LD_DEBUG", "all");
  const auto lines = lines_of(output_of({.arguments = {"env"}, .environment = {"A=1", "B=2"}}));
  REQUIRE(lines.size() >= 3);
  CHECK(lines[0] == "A=1");
  CHECK(lines[1] == "B=2");
  for (const std::string& line : lines) {
    const std::string name = line.substr(0, line.find('='));
    const bool is_known =
        std::ranges::count(std::vector<std::string>{"A", "B", "PATH", "HOME", "USER", "LOGNAME",
                                                    "SHELL", "LANG", "TZ"},
                           name) == 1;
    CHECK_MESSAGE((is_known || name.starts_with("LC_")), line);
  }
}

TEST_CASE("a program runs in its directory, or in its HOME") {
  CHECK(output_of({.arguments = {"pwd"}, .directory = "/"}) == "/\n");
  CHECK(output_of({.arguments = {"pwd"}, .environment = {"HOME=/usr"}}) == "/usr\n");
}

TEST_CASE("arguments arrive unchanged: no shell, no splitting") {
  CHECK(output_of({.arguments = {"printf", "%s|", "a b", "", "$HOME", "*", "\xff"}}) ==
        "a b||$HOME|*|\xff|");
  const std::string longest(128 * 1024 - 1, 'x');
  CHECK(output_of({.arguments = {"printf", "%s", longest}}) == longest);
}

TEST_CASE("an exec failure names the word and the reason") {
  test::on_each_engine([] {
    const Error missing = failure_of({.arguments = {"no-such-program"}});
    CHECK(missing.kind == ErrorKind::not_found);
    CHECK(missing.message() == "cannot start no-such-program: not found");
    const Error forbidden = failure_of({.arguments = {"/etc/passwd"}});
    CHECK(forbidden.kind == ErrorKind::permission_denied);
    CHECK(forbidden.message() == "cannot start /etc/passwd: permission denied");
    const Error directory = failure_of({.arguments = {"true"}, .directory = "/no/such"});
    CHECK(directory.kind == ErrorKind::not_found);
    CHECK(directory.message() == "cannot start a program in /no/such: not found");
    const std::string word(128 * 1024, 'x');
    CHECK(failure_of({.arguments = {"true", word}}).kind == ErrorKind::too_large);
    CHECK(failure_of({.arguments = {"true", word, word}}).kind == ErrorKind::too_large);
    CHECK(failure_of({}).kind == ErrorKind::invalid_argument);
  });
}

TEST_CASE("without a descriptor left nothing is launched, and nothing is lost") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const int next = ::dup(0);
  ::close(next);
  for (rlim_t more = 0; more < 6; ++more) {
    const rlimit few{static_cast<rlim_t>(next) + more, limit.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    const auto process = test::launcher().launch({.arguments = {"true"}});
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(test::kind_of(process) == "resource_exhausted");
  }
  const int again = ::dup(0);
  ::close(again);
  CHECK(again == next);
}

TEST_CASE("two hundred programs at once each have their own output and end") {
  test::on_each_engine([] {
    TaskGroup group;
    int right = 0;
    for (int i = 0; i < 200; ++i) {
      REQUIRE(group.spawn("launcher", [&, i] {
        const std::string number = std::to_string(i);
        const auto completed =
            run_to_end(test::launcher(), test::shell("echo $1; exit $(($1 % 200))", {number}));
        if (completed && completed->output == number + "\n" &&
            completed->end.exit_status == i % 200) {
          ++right;
        }
      }));
    }
    REQUIRE(group.join());
    CHECK(right == 200);
  });
}

TEST_CASE("threads launch concurrently") {
  std::array<int, 4> right{};
  {
    std::vector<std::jthread> threads;
    for (int& mine : right) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < 20; ++i) {
          const auto completed = run_to_end(test::launcher(), test::shell("exit 7"));
          if (completed && completed->end.exit_status == 7) ++mine;
        }
      });
    }
  }
  CHECK(right == std::array<int, 4>{20, 20, 20, 20});
}

TEST_CASE("long requests that are sent faster than keepers take them wait for room") {
  test::on_each_engine([] {
    const std::string longest(120 * 1024, 'x');
    TaskGroup group;
    int right = 0;
    for (int i = 0; i < 50; ++i) {
      REQUIRE(group.spawn("launcher", [&] {
        const auto completed = run_to_end(test::launcher(), test::shell("echo ${#1}", {longest}));
        if (completed && completed->output == "122880\n") ++right;
      }));
    }
    REQUIRE(group.join());
    CHECK(right == 50);
  });
}

TEST_CASE("the death of the launcher is reported to its waiters and to later launches") {
  const auto report = test::in_child_process([] {
    const auto launcher = start_launcher();
    test::must(launcher.has_value(), "not started");
    ::kill(static_cast<ProcessLauncher&>(**launcher).pid(), SIGKILL);
    test::must((*launcher)->wait_dead().kind == ErrorKind::reset, "no error");
    const auto process = (*launcher)->launch({.arguments = {"true"}});
    test::must(test::kind_of(process) == "reset", "launched");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("a wait for the death of a launcher has its deadlines") {
  test::on_each_engine([] {
    const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
    CHECK(test::launcher().wait_dead().kind == ErrorKind::timed_out);
  });
}

}  // namespace hotline::engine::process_launcher_test
