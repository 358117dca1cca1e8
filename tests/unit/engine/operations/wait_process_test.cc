#include "engine/operations/wait_process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::wait_process_test {
namespace {

/// A child that waits for a signal, as a pidfd.
struct Child {
  Child() : pid(::fork()) {
    if (pid == 0) {
      for (;;) ::pause();
    }
    REQUIRE(pid > 0);
    channel =
        std::make_unique<Channel>(UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
    REQUIRE(channel->is_open());
  }

  pid_t pid;
  std::unique_ptr<Channel> channel;
};

}  // namespace

TEST_CASE("a process that a signal ended is waited for and reaped, on every engine") {
  test::on_each_engine([] {
    Child child;
    WaitProcess wait(*child.channel);
    CHECK(Engine::current().perform(wait, deadline_after(std::chrono::milliseconds(1))) ==
          -kDeadlineEnd);
    REQUIRE(::kill(child.pid, SIGTERM) == 0);
    CHECK(Engine::current().perform(wait, Deadline::never()) == 0);
    CHECK(wait.end.signal == SIGTERM);
    CHECK(wait.end.exit_status == -1);
    CHECK(::kill(child.pid, 0) == -1);
    CHECK(errno == ESRCH);
  });
}

TEST_CASE("a process that was already reaped has no end to return, on every engine") {
  test::on_each_engine([] {
    Child child;
    REQUIRE(::kill(child.pid, SIGKILL) == 0);
    WaitProcess wait(*child.channel);
    CHECK(Engine::current().perform(wait, Deadline::never()) == 0);
    CHECK(Engine::current().perform(wait, Deadline::never()) == -ECHILD);
  });
}

}  // namespace hotline::engine::wait_process_test
