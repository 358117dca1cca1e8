#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <future>
#include <thread>

#include "contract/row.h"
#include "contract/wait_rig.h"
#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "hotline/engine/offload.h"
#include "net/stream_access.h"

namespace contract {
namespace {

using hotline::UniqueFd;
using hotline::engine::BlockingEngine;
using hotline::engine::Channel;

class Socket final : public WaitRig::OtherEnd {
 public:
  explicit Socket(int fd) : fd_(fd) {}

  void send(std::string_view bytes) override {
    REQUIRE(::write(fd_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }

 private:
  UniqueFd fd_;
};

/// Killed and reaped with the object.
struct Child {
  explicit Child(pid_t forked) : pid(forked) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  const pid_t pid;
};

class SystemRig final : public WaitRig {
 public:
  void run(const std::function<void()>& body) override;
  WaitRig::End cancel_after(hotline::Duration delay, const Wait& wait) override;
  hotline::Result<Pair> make_pair() override;
  Pipe make_pipe() override;
  Process start_process() override;
  hotline::Result<void> offload_endless_work() override;
};

void SystemRig::run(const std::function<void()>& body) {
  if (row().is_loops()) {
    auto loop = hotline::engine::make_event_loop({.engine = row().engine});
    REQUIRE(loop);
    (*loop)->spawn("contract", [&] { body(); });
    (*loop)->run();
    return;
  }
  hotline::engine::Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  body();
}

WaitRig::End SystemRig::cancel_after(hotline::Duration delay, const Wait& wait) {
  WaitRig::End kind;
  if (row().is_loops()) {
    run([&] { kind = cancel_fiber_after(delay, wait); });
    return kind;
  }
  hotline::engine::Interrupter interrupter;
  std::thread waiter([&] {
    const BlockingEngine::Interruptible engine(interrupter);
    kind = wait();
  });
  std::this_thread::sleep_for(delay);
  interrupter.cancel();
  waiter.join();
  return kind;
}

hotline::Result<WaitRig::Pair> SystemRig::make_pair() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  auto channel = std::make_unique<Channel>(UniqueFd(ends[0]));
  return Pair{hotline::net::StreamAccess::over(std::move(channel), hotline::Endpoint{}, {}),
              std::make_unique<Socket>(ends[1])};
}

WaitRig::Pipe SystemRig::make_pipe() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  return {nullptr, std::make_unique<Channel>(UniqueFd(ends[0])),
          std::make_unique<Channel>(UniqueFd(ends[1]))};
}

WaitRig::Process SystemRig::start_process() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  return {std::make_shared<Child>(pid), std::make_unique<Channel>(UniqueFd(pidfd))};
}

hotline::Result<void> SystemRig::offload_endless_work() {
  auto release = std::make_shared<std::promise<void>>();
  auto released = std::make_shared<std::future<void>>(release->get_future());
  auto result = hotline::offload_work([released] { released->wait(); });
  release->set_value();
  return result;
}

}  // namespace

std::unique_ptr<WaitRig> make_system_rig() { return std::make_unique<SystemRig>(); }

}  // namespace contract
