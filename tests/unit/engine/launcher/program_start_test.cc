#include "engine/launcher/program_start.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched.h"
#include "support/temporary_directory.h"

namespace hotline::engine::program_start_test {
namespace {

struct Said {
  StartedProgram started;
  int status = -1;
  std::string output;
};

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts it as a child of this process and waits for its end.
Said run(std::vector<std::string> arguments, std::vector<std::string> environment = {},
         const char* directory = nullptr, int input = -1) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const LaunchRequest request{directory, pointers_to(arguments), pointers_to(environment)};
  Said said;
  said.started = start_program({request, writing.get(), writing.get(), input});
  writing.reset();
  std::array<char, 1024> piece;
  for (ssize_t size; (size = ::read(reading.get(), piece.data(), piece.size())) > 0;) {
    said.output.append(piece.data(), static_cast<std::size_t>(size));
  }
  if (said.started.pid >= 0) ::waitpid(said.started.pid, &said.status, 0);
  return said;
}

void check_failure(const Said& said, StatusKind kind, int error) {
  CHECK(said.started.pid == -1);
  CHECK(said.started.status.kind == kind);
  CHECK(said.started.status.value == error);
  // Every forked process has been reaped.
  CHECK(::waitpid(-1, nullptr, WNOHANG) <= 0);
}

std::string script_in(const test::TemporaryDirectory& directory, const std::string& name,
                      const std::string& text, mode_t mode = 0700) {
  std::ofstream(directory.file(name)) << text;
  REQUIRE(::chmod(directory.file(name).c_str(), mode) == 0);
  return directory.file(name);
}

/// From here on every process that calls execve is killed, in this process and its children.
bool kill_at_exec() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(steps), steps};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

TEST_CASE("a program runs with its arguments, its environment and in its directory") {
  const Said said = run({"sh", "-c", "echo $0 $1 $A; pwd; exit 3", "zero", "one"}, {"A=a"}, "/");
  CHECK(said.started.status.kind == StatusKind::started);
  CHECK(said.output == "zero one a\n/\n");
  CHECK(WEXITSTATUS(said.status) == 3);
}

TEST_CASE("a program leads a session of its own") {
  const Said said = run({"sh", "-c", "ps -o sid= -p $$; echo $$"});
  const std::string& text = said.output;
  CHECK(std::stoi(text) == std::stoi(text.substr(text.find('\n'))));
  CHECK(std::stoi(text) != ::getsid(0));
}

TEST_CASE("an exec failure has its errno: ENOENT, EACCES, ENOEXEC, E2BIG") {
  const test::TemporaryDirectory directory;
  check_failure(run({"no-such-program"}), StatusKind::program_failed, ENOENT);
  check_failure(run({"/no/such/program"}), StatusKind::program_failed, ENOENT);
  check_failure(run({script_in(directory, "plain", "", 0600)}), StatusKind::program_failed, EACCES);
  check_failure(run({directory.path()}), StatusKind::program_failed, EACCES);
  check_failure(run({script_in(directory, "text", "exit 3\n")}), StatusKind::program_failed,
                ENOEXEC);
  check_failure(run({"true", std::string(128 * 1024, 'x')}), StatusKind::program_failed, E2BIG);
}

TEST_CASE("a directory that cannot be entered is distinguished from the program") {
  check_failure(run({"true"}, {}, "/no/such"), StatusKind::directory_failed, ENOENT);
  check_failure(run({"true"}, {}, "/dev/null"), StatusKind::directory_failed, ENOTDIR);
}

TEST_CASE("without a directory a program runs in its HOME, otherwise in /") {
  const test::TemporaryDirectory home;
  CHECK(run({"pwd"}, {"HOME=" + home.path()}).output == home.path() + "\n");
  CHECK(run({"pwd"}, {"HOME=/no/such"}).output == "/\n");
  CHECK(run({"pwd"}, {"HOME="}).output == "/\n");
  CHECK(run({"pwd"}).output == "/\n");
}

TEST_CASE("a process that is killed before its exec was never the program") {
  const pid_t tester = ::fork();
  REQUIRE(tester >= 0);
  if (tester == 0) {
    test::must(kill_at_exec(), "no filter can be set\n");
    const Said said = run({"true"});
    test::must(said.started.pid == -1, "it was started\n");
    test::must(said.started.status.kind == StatusKind::killed_at_start, "it was not killed\n");
    test::must(::waitpid(-1, nullptr, WNOHANG) == -1, "it was not waited for\n");
    ::_exit(EXIT_SUCCESS);
  }
  int status = 0;
  REQUIRE(::waitpid(tester, &status, 0) == tester);
  CHECK(status == 0);
}

TEST_CASE("a program that a signal ends at once has been started") {
  const Said said = run({"sh", "-c", "kill -9 $$"});
  CHECK(said.started.status.kind == StatusKind::started);
  CHECK(WTERMSIG(said.status) == SIGKILL);
}

TEST_CASE("a program is looked up in its own PATH, in order") {
  const test::TemporaryDirectory first;
  const test::TemporaryDirectory second;
  script_in(second, "named", "#!/bin/sh\necho second\n");
  const std::vector<std::string> both = {"PATH=" + first.path() + ":" + second.path()};
  CHECK(run({"named"}, both).output == "second\n");
  // A program that may not be executed does not hide the next, and is the reason if there is none.
  script_in(first, "named", "", 0600);
  CHECK(run({"named"}, both).output == "second\n");
  check_failure(run({"named"}, {"PATH=" + first.path() + ":/nowhere"}), StatusKind::program_failed,
                EACCES);
  script_in(first, "named", "#!/bin/sh\necho first\n");
  CHECK(run({"named"}, both).output == "first\n");
}

TEST_CASE("an empty part of the PATH is the directory that the program runs in") {
  const test::TemporaryDirectory directory;
  script_in(directory, "named", "#!/bin/sh\necho here\n");
  CHECK(run({"named"}, {"PATH=/nowhere:"}, directory.path().c_str()).output == "here\n");
}

TEST_CASE("a program reads the input that it is given") {
  const test::TemporaryDirectory directory;
  const UniqueFd input(
      ::open(script_in(directory, "input", "given\n").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(run({"cat"}, {}, nullptr, input.get()).output == "given\n");
}

}  // namespace hotline::engine::program_start_test
