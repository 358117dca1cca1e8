#include "engine/launcher/process_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <new>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"
#include "support/launched.h"

namespace hotline::engine::process_tree_test {
namespace {

using test::must;

/// Runs `body` as a process that adopts orphans, and that may wait for any child.
void in_keeper(const std::function<void()>& body) {
  const auto report = test::in_child_process([&] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    body();
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

/// The end of the pipe shows when no process holds the writing end.
struct Held {
  Held() {
    std::array<int, 2> ends{};
    must(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe");
    reading.reset(ends[0]);
    writing.reset(ends[1]);
  }
  void wait_for_byte() const {
    char byte = 0;
    must(::read(reading.get(), &byte, 1) == 1, "no byte came");
  }
  void write_byte() const { must(::write(writing.get(), "x", 1) == 1, "cannot write"); }
  bool has_ended() {
    writing.reset();
    ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
    std::array<char, 64> rest;
    for (ssize_t size; (size = ::read(reading.get(), rest.data(), rest.size())) != 0;) {
      if (size < 0) return false;
    }
    return true;
  }

  UniqueFd reading;
  UniqueFd writing;
};

pid_t fork_one(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  body();
  for (;;) ::pause();
}

void ignore_end(const EndedChild&) {}

}  // namespace

TEST_CASE("the children of a process are found, ended ones too, and no others") {
  in_keeper([] {
    must(children_of(::getpid()).empty(), "children from the start");
    const Held held;
    const pid_t one = fork_one([&] { fork_one([&] { held.write_byte(); }); });
    const pid_t ended = fork_one([] { ::_exit(0); });
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT);
    held.wait_for_byte();
    auto found = children_of(::getpid());
    std::ranges::sort(found);
    must(found == std::vector<pid_t>{std::min(one, ended), std::max(one, ended)}, "others");
    auto asked = children_by_parent(::getpid());
    std::ranges::sort(asked);
    must(asked == found, "asked for their parents");
    must(children_of(one).size() == 1, "the grandchild");
    end_descendants(ignore_end);
  });
}

TEST_CASE("a process without children has no descendants to end") {
  in_keeper([] { end_descendants([](const EndedChild&) { must(false, "there was one"); }); });
}

TEST_CASE("descendants are killed wherever they have gone: sessions, orphans, stopped ones") {
  in_keeper([] {
    Held held;
    for (int i = 0; i < 3; ++i) {
      fork_one([&, i] {
        fork_one([&, i] {
          ::setsid();
          fork_one([&] { held.write_byte(); });
          if (i == 0) ::_exit(0);
          if (i == 1) ::raise(SIGSTOP);
        });
        if (i == 2) ::_exit(0);
      });
    }
    for (int i = 0; i < 3; ++i) held.wait_for_byte();
    end_descendants(ignore_end);
    must(::waitpid(-1, nullptr, WNOHANG) == -1, "a process is left");
    must(held.has_ended(), "a process holds the pipe");
  });
}

TEST_CASE("each child that ends is reported with its status") {
  in_keeper([] {
    const Held held;
    const pid_t exited = fork_one([] { ::_exit(3); });
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(exited), &info, WEXITED | WNOWAIT);
    const pid_t killed = fork_one([&] { held.write_byte(); });
    held.wait_for_byte();
    std::map<pid_t, int> ends;
    end_descendants([&](const EndedChild& child) { ends[child.pid] = child.status; });
    must(ends.size() == 2, "not two");
    must(WIFEXITED(ends[exited]) && WEXITSTATUS(ends[exited]) == 3, "exit status");
    must(WIFSIGNALED(ends[killed]) && WTERMSIG(ends[killed]) == SIGKILL, "signal");
  });
}

TEST_CASE("a fork bomb ends: a tree that grows while it is killed") {
  in_keeper([] {
    Held held;
    // This bomb has a limit on all processes that are ever started, because root has no other.
    void* shared = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "no memory");
    auto& left = *new (shared) std::atomic<int>(2000);
    fork_one([&] {
      held.write_byte();
      while (left.fetch_sub(1) > 0) {
        if (::fork() == 0) ::setsid();
        ::waitpid(-1, nullptr, WNOHANG);
      }
    });
    held.wait_for_byte();
    end_descendants(ignore_end);
    must(held.has_ended(), "a process holds the pipe");
  });
}

TEST_CASE("trees are killed separately: others go on") {
  in_keeper([] {
    Held held;
    const Held other;
    const pid_t killed = fork_one([&] { fork_one([&] { held.write_byte(); }); });
    const pid_t spared = fork_one([&] {
      held.writing.reset();
      other.write_byte();
    });
    held.wait_for_byte();
    other.wait_for_byte();
    kill_trees([killed] { return std::vector<pid_t>{killed}; });
    must(::waitpid(killed, nullptr, 0) == killed, "not ended");
    must(::kill(spared, 0) == 0 && ::waitpid(spared, nullptr, WNOHANG) == 0, "ended too");
    end_descendants(ignore_end);
    must(held.has_ended(), "the grandchild is left");
  });
}

TEST_CASE("/proc on this machine shows what is needed") { CHECK(proc_problem() == ""); }

TEST_CASE("a process group with a child of this process is killed, another one is not") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setpgid(0, 0);
    for (;;) ::pause();
  }
  ::setpgid(child, child);
  kill_group(::getppid());  // The test would be killed with it.
  kill_group(child);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGKILL);
  kill_group(child);  // No process is left.
}

}  // namespace hotline::engine::process_tree_test
