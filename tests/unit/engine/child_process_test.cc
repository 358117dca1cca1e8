#include "engine/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/operations/read_write.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::child_process_test {
namespace {

using Body = std::function<std::string()>;

/// Forks only from an epoll loop; a child would inherit a ring.
void on_control_loop(const std::function<void(EventLoop&)>& body) {
  test::on_loop(EngineKind::epoll, body);
}

ChildProcess start(Interrupter& interrupter, const Body& body, std::span<const int> kept = {}) {
  auto child = ChildProcess::fork(interrupter, kept, body);
  REQUIRE(child);
  return std::move(*child);
}

ChildProcess::Outcome outcome_of(const Body& body, std::span<const int> kept = {}) {
  Interrupter interrupter(Interrupter::Reach::forked_processes);
  ChildProcess child = start(interrupter, body, kept);
  auto outcome = child.wait();
  REQUIRE(outcome);
  return *outcome;
}

}  // namespace

TEST_CASE("a child that could not be interrupted is not started") {
  on_control_loop([](EventLoop&) {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlimit none{0, limit.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    Interrupter interrupter(Interrupter::Reach::forked_processes);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    const auto child = ChildProcess::fork(interrupter, {}, [] { return ""; });
    REQUIRE_FALSE(child);
    CHECK(child.error().kind == ErrorKind::resource_exhausted);
  });
}

TEST_CASE("a child runs one function and reports what it returns") {
  on_control_loop([](EventLoop&) {
    const auto outcome = outcome_of([] { return "pid " + std::to_string(::getpid()); });
    CHECK(outcome.end.exit_status == 0);
    CHECK(outcome.end.signal == 0);
    CHECK(outcome.report.starts_with("pid "));
    CHECK(outcome.report != "pid " + std::to_string(::getpid()));
    CHECK(outcome_of([] { return std::string(); }).report.empty());
  });
}

TEST_CASE("a report that is too long is cut") {
  on_control_loop([](EventLoop&) {
    const std::string longest(ChildProcess::kReportBytesMax, 'r');
    CHECK(outcome_of([&] { return longest; }).report == longest);
    CHECK(outcome_of([&] { return longest + "more"; }).report == longest);
  });
}

TEST_CASE("a child that exits by itself has its status and no report") {
  on_control_loop([](EventLoop&) {
    const auto outcome = outcome_of([]() -> std::string { ::_exit(3); });
    CHECK(outcome.end.exit_status == 3);
    CHECK(outcome.end.signal == 0);
    CHECK(outcome.report.empty());
  });
}

TEST_CASE("a child whose function throws fails without a report") {
  on_control_loop([](EventLoop&) {
    const auto outcome = outcome_of([]() -> std::string { throw std::runtime_error("no"); });
    CHECK(outcome.end.exit_status == 1);
    CHECK(outcome.report.empty());
  });
}

TEST_CASE("a child that a signal ends reports which") {
  on_control_loop([](EventLoop&) {
    const auto outcome = outcome_of([]() -> std::string {
      ::raise(SIGKILL);
      return "not reached";
    });
    CHECK(outcome.end.exit_status == -1);
    CHECK(outcome.end.signal == SIGKILL);
    CHECK(outcome.report.empty());
  });
}

TEST_CASE("a child runs on the stack of the thread, on a blocking engine, without a loop") {
  on_control_loop([](EventLoop& loop) {
    const Stack stack = loop.fiber()->stack();
    const auto outcome = outcome_of([&] {
      const auto* here = static_cast<std::byte*>(__builtin_frame_address(0));
      const bool is_on_fiber = here >= stack.bottom && here < stack.top();
      const bool has_loop = EventLoop::running() != nullptr;
      return std::string(Engine::current().name()) + (is_on_fiber ? " fiber" : " thread") +
             (has_loop ? " loop" : " alone");
    });
    CHECK(outcome.report == "blocking thread alone");
  });
}

TEST_CASE("a child has the descriptors that it was given and no others") {
  on_control_loop([](EventLoop&) {
    const auto [kept, peer] = test::stream_pair();
    const UniqueFd other(::open("/dev/null", O_RDONLY));
    const std::array<int, 1> kept_list{kept.get()};
    Interrupter interrupter(Interrupter::Reach::forked_processes);
    const auto outcome = start(
                             interrupter,
                             [&] {
                               std::string open;
                               for (int fd = 0; fd < 1000; ++fd) {
                                 if (::fcntl(fd, F_GETFD) >= 0) open += std::to_string(fd) + ' ';
                               }
                               return open;
                             },
                             kept_list)
                             .wait();
    REQUIRE(outcome);
    const auto has = [&](int fd) {
      return (" " + outcome->report).find(' ' + std::to_string(fd) + ' ') != std::string::npos;
    };
    CHECK(has(kept.get()));
    CHECK(has(interrupter.fd()));
    CHECK(has(STDERR_FILENO));
    CHECK_FALSE(has(peer.get()));
    CHECK_FALSE(has(other.get()));
    // Besides these there is only the pipe of the report.
    CHECK(std::ranges::count(outcome->report, ' ') == 6);
  });
}

TEST_CASE("signals that the parent waits for stay blocked in a child") {
  sigset_t before;
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  on_control_loop([](EventLoop&) {
    const auto outcome = outcome_of([]() -> std::string {
      ::raise(SIGTERM);
      return "outlived";
    });
    CHECK(outcome.report == "outlived");
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("an interrupter ends the waits of a child") {
  on_control_loop([](EventLoop&) {
    Interrupter interrupter(Interrupter::Reach::forked_processes);
    ChildProcess child =
        start(interrupter, [] { return test::kind_of(sleep_until(Deadline::never())); });
    interrupter.cancel();
    const auto outcome = child.wait();
    REQUIRE(outcome);
    CHECK(outcome->report == "cancelled");
  });
}

TEST_CASE("a child whose object is destroyed is killed and reaped") {
  on_control_loop([](EventLoop& loop) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    Channel told{UniqueFd(pipe[0])};
    const UniqueFd telling(pipe[1]);
    pid_t pid = 0;
    {
      Interrupter interrupter(Interrupter::Reach::forked_processes);
      const ChildProcess child = start(interrupter,
                                       [&]() -> std::string {
                                         const pid_t own = ::getpid();
                                         if (::write(telling.get(), &own, sizeof own) != sizeof own)
                                           return "";
                                         for (;;) ::pause();
                                       },
                                       {{telling.get()}});
      Read read(told, std::as_writable_bytes(std::span(&pid, 1)));
      REQUIRE(loop.perform(read, Deadline::never()) == sizeof pid);
      REQUIRE(::kill(pid, 0) == 0);
    }
    CHECK(::kill(pid, 0) == -1);
    CHECK(errno == ESRCH);
  });
}

TEST_CASE("a wait for a child that times out can be repeated") {
  on_control_loop([](EventLoop&) {
    Interrupter interrupter(Interrupter::Reach::forked_processes);
    ChildProcess child = start(interrupter, [] {
      static_cast<void>(sleep_until(Deadline::never()));
      return std::string("ended");
    });
    {
      const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
      CHECK(test::kind_of(child.wait()) == "timed_out");
    }
    interrupter.cancel();
    const auto outcome = child.wait();
    REQUIRE(outcome);
    CHECK(outcome->report == "ended");
  });
}

TEST_CASE("many children at once each report to their own fiber") {
  on_control_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    int right = 0;
    for (int i = 0; i < 20; ++i) {
      loop.spawn(
          "forker",
          [&, i] {
            if (outcome_of([i] { return std::to_string(i); }).report == std::to_string(i)) ++right;
          },
          &group);
    }
    group.join();
    CHECK(right == 20);
  });
}

}  // namespace hotline::engine::child_process_test
