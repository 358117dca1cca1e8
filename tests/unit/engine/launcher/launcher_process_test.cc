#include "engine/launcher/launcher_process.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "engine/launcher/process_launcher.h"
#include "engine/launcher/process_tree.h"
#include "support/launched.h"

namespace hotline::engine::launcher_process_test {
namespace {

using test::must;

constexpr const char* kLeavesMuch =
    "exec 3>$1; (setsid sh -c '(setsid sleep 1000 &); sleep 1000' &); echo $PPID >&3; wait; "
    "sleep 1000";

std::unique_ptr<Launcher> own_launcher() {
  auto launcher = start_launcher();
  must(launcher.has_value(), "no launcher");
  return std::move(*launcher);
}

pid_t pid_of(const Launcher& launcher) {
  return static_cast<const ProcessLauncher&>(launcher).pid();
}

/// A forked process with a launcher of its own, until it is killed.
struct Server {
  explicit Server(const std::function<void(Launcher&)>& body) : pid(::fork()) {
    REQUIRE(pid >= 0);
    if (pid != 0) return;
    const auto launcher = own_launcher();
    body(*launcher);
    for (;;) ::pause();
  }
  void kill() const {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  pid_t pid;
};

std::size_t zombies_below(pid_t pid) {
  const auto children = children_of(pid);
  return static_cast<std::size_t>(
      std::ranges::count_if(children, [](pid_t each) { return !test::is_running(each); }));
}

/// Polls, because the end of a process that is not a child is not reported.
template <typename Condition>
bool comes_true(Condition condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    ::usleep(1000);
  }
  return false;
}

}  // namespace

TEST_CASE("nothing is left when the server is killed") {
  test::Witness witness;
  const Server server([&](Launcher& launcher) {
    auto process = launcher.launch(test::shell(kLeavesMuch, {witness.path()}));
    must(process.has_value(), "not launched");
    static_cast<void>(process->release());
  });
  const pid_t keeper = std::stoi(witness.wait_for_line());
  const pid_t launcher = test::parent_of(keeper);
  CHECK(test::parent_of(launcher) == server.pid);
  server.kill();
  CHECK(witness.wait_for_end().empty());
  CHECK(comes_true([&] { return !test::is_running(keeper) && !test::is_running(launcher); }));
}

TEST_CASE("nothing is left when the launcher is killed, and launching fails from then on") {
  test::Witness witness;
  const auto report = test::in_child_process([&] {
    const auto launcher = own_launcher();
    const auto process = launcher->launch(test::shell(kLeavesMuch, {witness.path()}));
    must(process.has_value(), "not launched");
    static_cast<void>(witness.wait_for_line());
    ::kill(pid_of(*launcher), SIGKILL);
    const auto end = (*process)->wait();
    // The keeper may be quick enough to report it.
    must(!end || end->signal == SIGKILL, "ended otherwise");
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(pid_of(*launcher)), &info, WEXITED | WNOWAIT);
    must(comes_true(
             [&] { return test::kind_of(launcher->launch({.arguments = {"true"}})) == "reset"; }),
         "launched");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
  witness.wait_for_end();
}

TEST_CASE("nothing is left when a launcher is destroyed, not even the launcher itself") {
  test::Witness witness;
  const auto report = test::in_child_process([&] {
    auto launcher = own_launcher();
    const auto process = launcher->launch(test::shell(kLeavesMuch, {witness.path()}));
    must(process.has_value(), "not launched");
    static_cast<void>(witness.wait_for_line());
    launcher.reset();
    must(::waitpid(-1, nullptr, WNOHANG) == -1, "a child is left");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
  witness.wait_for_end();
}

TEST_CASE("no zombies: keepers are reaped, also killed ones, and their orphans") {
  const auto report = test::in_child_process([&] {
    const auto launcher = own_launcher();
    for (const char* script : {"exit 0", "(setsid sleep 1000 &); exit 0",
                               "(setsid sleep 1000 &); kill -KILL $PPID; sleep 1000"}) {
      // The last one may end before its start is reported.
      if (const auto process = launcher->launch(test::shell(script))) {
        static_cast<void>((*process)->wait());
      }
    }
    must(comes_true([&] {
           const auto keepers = children_of(pid_of(*launcher));
           const auto keeps_nothing = [](pid_t each) { return children_of(each).empty(); };
           return keepers.size() >= SpareKeepers::kWanted && keepers.size() <= SpareKeepers::kMax &&
                  std::ranges::all_of(keepers, keeps_nothing) &&
                  zombies_below(pid_of(*launcher)) == 0;
         }),
         "something else than keepers without a request");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("commands one after another fork no further keepers") {
  const auto report = test::in_child_process([&] {
    const auto launcher = own_launcher();
    const auto keeper_of_one = [&] {
      const auto completed = run_to_end(*launcher, test::shell("echo $PPID"));
      must(completed.has_value(), "not run");
      return completed->output;
    };
    std::set<std::string> keepers;
    for (int i = 0; i < 50; ++i) keepers.insert(keeper_of_one());
    must(keepers.size() < 50, "each has a keeper of its own");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("many commands at once leave no more spare keepers than the most") {
  const auto report = test::in_child_process([&] {
    const auto launcher = own_launcher();
    std::vector<std::unique_ptr<Process>> processes;
    for (std::size_t i = 0; i < 3 * SpareKeepers::kMax; ++i) {
      auto process = launcher->launch(test::shell("exec sleep 1000"));
      must(process.has_value(), "not launched");
      processes.push_back(std::move(*process));
    }
    processes.clear();
    must(comes_true([&] { return children_of(pid_of(*launcher)).size() <= SpareKeepers::kMax; }),
         "more are left");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("a keeper that is killed before its request is replaced") {
  const auto report = test::in_child_process([&] {
    const auto launcher = own_launcher();
    for (int round = 0; round < 5; ++round) {
      const auto keepers = children_of(pid_of(*launcher));
      for (const pid_t keeper : keepers) ::kill(keeper, SIGKILL);
      // One that is about to die might still take a request.
      must(comes_true([&] { return std::ranges::none_of(keepers, test::is_running); }), "alive");
      const auto completed = run_to_end(*launcher, test::shell("echo said"));
      must(completed && completed->output == "said\n", "not run");
    }
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("the launcher leaves the signals of a terminal or service manager to the server") {
  const auto report = test::in_child_process([&] {
    const auto launcher = own_launcher();
    must(run_to_end(*launcher, test::shell("exit 0")).has_value(), "not run before");
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE}) {
      ::kill(pid_of(*launcher), signal);
    }
    must(run_to_end(*launcher, test::shell("exit 0")).has_value(), "not run after");
    must(::getsid(pid_of(*launcher)) != ::getsid(0), "in the session of the terminal");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE(
    "a process forked from the server launches through the descriptor, without side effects") {
  const auto report = test::in_child_process([&] {
    const auto launcher = own_launcher();
    must(launcher->descriptor() >= 0, "no descriptor");
    const auto inner = ::fork();
    if (inner == 0) {
      const auto completed = run_to_end(*launcher, test::shell("exit 7"));
      ::_exit(completed ? completed->end.exit_status : 1);
    }
    int status = 0;
    ::waitpid(inner, &status, 0);
    must(WEXITSTATUS(status) == 7, "not launched there");
    must(run_to_end(*launcher, test::shell("exit 0")).has_value(), "not launched here");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

}  // namespace hotline::engine::launcher_process_test
