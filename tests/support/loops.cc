#include "support/loops.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>

#include <doctest/doctest.h>

namespace hotline::test {
namespace {

// Failed assertions format their text, which takes more stack than a handler does.
constexpr std::size_t kStackBytes = 256 * 1024;

}  // namespace

std::vector<EngineKind> loop_engines() {
  static const UringReport uring = probe_uring();
  if (uring.is_usable) return {EngineKind::epoll, EngineKind::uring};
  static const bool is_said = [] {
    MESSAGE("not tested: the engine uring: ", uring.reason);
    return true;
  }();
  static_cast<void>(is_said);
  return {EngineKind::epoll};
}

void on_loop(EngineKind kind, const std::function<void(engine::EventLoop&)>& body,
             LoopOptions options) {
  INFO("on the engine ", std::string(name_of(kind)));
  options.fiber_stack_bytes = std::max(options.fiber_stack_bytes, kStackBytes);
  options.engine = kind;
  auto loop = engine::make_event_loop(options);
  REQUIRE(loop);
  engine::FiberGroup group(**loop);
  (*loop)->spawn(
      "test", [&] { body(**loop); }, &group);
  (*loop)->run();
  if (auto thrown = group.take_thrown()) std::rethrow_exception(thrown);
}

void on_each_loop(const std::function<void(engine::EventLoop&)>& body, LoopOptions options) {
  for (const EngineKind kind : loop_engines()) on_loop(kind, body, options);
}

void on_each_engine(const std::function<void()>& body) {
  on_each_loop([&](engine::EventLoop&) { body(); });
  INFO("on the engine blocking");
  body();
}

ChildReport in_child_process(const std::function<void()>& body) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    body();
    ::_exit(EXIT_SUCCESS);
  }
  ::close(ends[1]);
  ChildReport report;
  std::array<char, 4096> piece;
  for (ssize_t size; (size = ::read(ends[0], piece.data(), piece.size())) > 0;) {
    report.error_text.append(piece.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) report.exit_status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) report.signal = WTERMSIG(status);
  return report;
}

}  // namespace hotline::test
